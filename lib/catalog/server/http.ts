/**
 * The HTTP of a catalog: one request for each connection, which ends with the reply.
 *
 * Replies have the same bytes as those of `catalog_server` of cctools, because clients without an HTTP
 * library depend on them: header lines end with LF only, and a reply ends with its connection.
 * docs/CATALOG.md lists the differences.
 *
 * A reply is built while it is sent: a client that reads nothing costs one piece of memory, not the
 * whole reply (I5).
 *
 * The HTTP server of the runtime has no bound on the number and the time of silent connections (I5),
 * and a catalog may share the process of a hash table server.
 */
import { unixMs } from "../../base/clock.ts";
import { CATALOG_SLICE_MS, MAX_HTTP_HEAD_BYTES } from "../../base/limits.ts";
import { type Connection, readUntil, writeAll } from "./connection_server.ts";

/** A request. */
export interface HttpRequest {
  /** Any word; each one except `HEAD` counts as `GET`, as in cctools. */
  readonly method: string;
  /** The target of the request, unchanged. */
  readonly url: string;
  /** The target without a host, otherwise unchanged. */
  readonly path: string;
}

/** A reply. */
export interface HttpReply {
  readonly status: keyof typeof REASONS;
  readonly contentType: "text/plain" | "text/html" | "text/css";
  /** ASCII text in parts; each one is built when it is sent. */
  readonly parts: Iterable<string>;
  /** Time until the peer should try again, in seconds (default: not in the reply). */
  readonly retryAfterS?: number;
}

const REASONS = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
} as const;

/** Pages contain text of other machines, so browsers must not run, load or frame anything. */
const PAGE_HEADERS = [
  "Content-Security-Policy: default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options: nosniff",
  "Referrer-Policy: no-referrer",
  "Cache-Control: no-store",
];

/** Characters of a body that are written at once; the last part may exceed it. */
const WRITE_CHARS = 32_768;

const encoder = new TextEncoder();

/**
 * Reads the head of a request.
 *
 * @returns the request; undefined if the peer sent no bytes; or the status of the reply to an error
 */
export async function readRequest(
  connection: Connection,
): Promise<HttpRequest | 400 | 431 | undefined> {
  const bytes = await readUntil(connection, MAX_HTTP_HEAD_BYTES, endsHead);
  if (!bytes) return 431;
  if (bytes.length === 0) return undefined;
  const lineEnd = bytes.indexOf(10);
  const line = bytes.subarray(0, lineEnd === -1 ? bytes.length : lineEnd);
  return parseRequestLine(Array.from(line, (byte) => String.fromCharCode(byte)).join("")) ?? 400;
}

/** Whether the bytes have an empty line; cctools sends CR LF, other clients LF only. */
function endsHead(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10 || (bytes[at + 1] === 13 && bytes[at + 2] === 10)) return true;
  }
  return false;
}

/**
 * Parses the first line of a request: three words. The first and the third may be any words.
 *
 * @param line one byte in each character
 * @returns undefined if it is not a request
 */
function parseRequestLine(line: string): HttpRequest | undefined {
  const [method, url, version] = line.replaceAll("\r", "").replace(/\0.*$/s, "")
    .split(/[ \t\v\f]+/).filter((word) => word !== "");
  if (method === undefined || url === undefined || version === undefined) return undefined;
  const [, path = url] = /^http:\/\/[^/]+(\/.*)$/.exec(url) ?? [];
  return { method, url, path };
}

/**
 * Writes a reply; the caller must close the connection afterwards.
 *
 * @param throttle runs each piece of the work to build the reply
 */
export async function writeReply(
  connection: Connection,
  reply: HttpReply,
  isHeadOnly: boolean,
  throttle: <T>(work: () => T) => Promise<T>,
): Promise<void> {
  await writeAll(connection, encoder.encode(headOf(reply)));
  if (isHeadOnly) return;
  const parts = reply.parts[Symbol.iterator]();
  for (;;) {
    const { text, isLast } = await throttle(() => nextText(parts));
    await writeAll(connection, encoder.encode(text));
    if (isLast) return;
  }
}

function headOf({ status, contentType, retryAfterS }: HttpReply): string {
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    `Date: ${new Date(unixMs()).toUTCString()}`,
    "Server: catalog_server",
    "Connection: close",
    "Access-Control-Allow-Origin: *",
    ...(contentType === "text/plain" ? [] : PAGE_HEADERS),
    ...(retryAfterS === undefined ? [] : [`Retry-After: ${retryAfterS}`]),
    `Content-type: ${contentType}`,
  ];
  return head.join("\n") + "\n\n";
}

/** Builds the parts of one write, or of one slice of time; perhaps none. */
function nextText(parts: Iterator<string>): { readonly text: string; readonly isLast: boolean } {
  const endMs = performance.now() + CATALOG_SLICE_MS;
  let text = "";
  while (text.length < WRITE_CHARS && performance.now() < endMs) {
    const { value, done } = parts.next();
    if (done) return { text, isLast: true };
    text += value;
  }
  return { text, isLast: false };
}
