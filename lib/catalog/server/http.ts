/**
 * The HTTP of a catalog: one question for each connection, which ends with the reply.
 *
 * Replies are those of cctools' `catalog_server` byte for byte, which clients without an HTTP
 * library depend on: heads end their lines with LF only, and the end of a reply is that of the
 * connection. What is different on purpose is in docs/CATALOG.md.
 *
 * A reply is made while it is sent: a reader that takes nothing costs one piece of it, not all (I5).
 *
 * Not the runtime's own server: that keeps silent connections open for ever and has no bound on their number
 * (I5), and a catalog may live in the process of a hash table server.
 */
import { unixMs } from "../../base/clock.ts";
import { CATALOG_SLICE_MS, MAX_HTTP_HEAD_BYTES } from "../../base/limits.ts";
import { type Connection, readUntil, writeAll } from "./connection_server.ts";

/** A question. */
export interface HttpRequest {
  /** Any word; all but `HEAD` mean `GET`, as there. */
  readonly method: string;
  /** As it was sent. */
  readonly url: string;
  /** As it was sent, without a host. */
  readonly path: string;
}

/** An answer. */
export interface HttpReply {
  readonly status: keyof typeof REASONS;
  readonly contentType: "text/plain" | "text/html" | "text/css";
  /** ASCII, in parts of which each is made when it is its turn to be sent. */
  readonly parts: Iterable<string>;
  /** When the peer should ask again, in seconds (default: the reply does not say). */
  readonly retryAfterS?: number;
}

const REASONS = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
} as const;

/** Nothing may run, load or frame: a page shows what strangers wrote. */
const PAGE_HEADERS = [
  "Content-Security-Policy: default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options: nosniff",
  "Referrer-Policy: no-referrer",
  "Cache-Control: no-store",
];

/** Characters of a body that are written at once, or one part more. */
const WRITE_CHARS = 32_768;

const encoder = new TextEncoder();

/**
 * Reads a request's head.
 *
 * @returns the request; undefined where the peer sent none; or the status to answer with
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

/** Whether there is an empty line; cctools sends CR LF, others LF only. */
function endsHead(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10 || (bytes[at + 1] === 13 && bytes[at + 2] === 10)) return true;
  }
  return false;
}

/**
 * Reads the first line of a request: three words, whatever the first and the third one are.
 *
 * @param line a byte in each character
 * @returns the request, or undefined where it is none
 */
export function parseRequestLine(line: string): HttpRequest | undefined {
  const [method, url, version] = line.replaceAll("\r", "").replace(/\0.*$/s, "")
    .split(/[ \t\v\f]+/).filter((word) => word !== "");
  if (method === undefined || url === undefined || version === undefined) return undefined;
  const [, path = url] = /^http:\/\/[^/]+(\/.*)$/.exec(url) ?? [];
  return { method, url, path };
}

/**
 * Writes a whole reply; the connection is to be closed after it.
 *
 * @param throttle does each piece of the work that making the reply is
 */
export async function writeReply(
  connection: Connection,
  reply: HttpReply,
  headOnly: boolean,
  throttle: <T>(work: () => T) => Promise<T>,
): Promise<void> {
  await writeAll(connection, encoder.encode(headOf(reply)));
  if (headOnly) return;
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

/** As many parts as are written at once, or can be made in one slice of time; perhaps none. */
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
