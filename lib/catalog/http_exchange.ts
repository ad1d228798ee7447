/**
 * The HTTP of a catalog: one GET or HEAD for each connection, which ends with the reply.
 *
 * A reply is made while it is sent: a reader that takes nothing costs one piece of it, not all (I5).
 *
 * Not the runtime's own server: that keeps silent connections open for ever and has no bound on their number
 * (I5), and a catalog may live in the process of a hash table server.
 */
import { unixMs } from "../base/clock.ts";
import { CATALOG_SLICE_MS, MAX_HTTP_HEAD_BYTES } from "../base/limits.ts";
import { type Connection, readUntil, writeAll } from "./connections.ts";

/** A question. */
export interface HttpRequest {
  readonly method: string;
  /** Percent-decoded, without the part behind `?`. */
  readonly path: string;
}

/** An answer. */
export interface HttpReply {
  readonly status: keyof typeof REASONS;
  readonly contentType: string;
  /** ASCII, in parts of which each is made when it is its turn to be sent. */
  readonly parts: Iterable<string>;
  /** Of all parts, in characters; without it, the reply's end is the connection's. */
  readonly length?: number;
}

const REASONS = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  431: "Request Header Fields Too Large",
} as const;

/** Nothing may run, load or frame: a page shows what strangers wrote. */
const SECURITY_HEADERS = [
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
  return parseRequestLine(new TextDecoder().decode(bytes).split(/\r?\n/, 1)[0] ?? "") ?? 400;
}

/** Whether there is an empty line; cctools sends CR LF, others LF only. */
function endsHead(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10 || (bytes[at + 1] === 13 && bytes[at + 2] === 10)) return true;
  }
  return false;
}

/** Reads the first line of a request, or gives undefined where it is none. */
export function parseRequestLine(line: string): HttpRequest | undefined {
  const [, method, target] = /^([A-Z]+) (\S+)(?: HTTP\/1\.\d)?$/.exec(line) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const path = target.replace(/^http:\/\/[^/]*/i, "").replace(/\?.*$/, "") || "/";
  try {
    return { method, path: decodeURIComponent(path) };
  } catch {
    return undefined;
  }
}

/**
 * Writes a whole reply; the connection is to be closed after it.
 *
 * @param paced does each piece of the work that making the reply is
 */
export async function writeReply(
  connection: Connection,
  reply: HttpReply,
  headOnly: boolean,
  paced: <T>(work: () => T) => Promise<T>,
): Promise<void> {
  await writeAll(connection, encoder.encode(headOf(reply)));
  if (headOnly) return;
  const parts = reply.parts[Symbol.iterator]();
  for (;;) {
    const { text, isLast } = await paced(() => nextText(parts));
    await writeAll(connection, encoder.encode(text));
    if (isLast) return;
  }
}

function headOf({ status, contentType, length }: HttpReply): string {
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    `Date: ${new Date(unixMs()).toUTCString()}`,
    `Content-Type: ${contentType}`,
    ...(length === undefined ? [] : [`Content-Length: ${length}`]),
    "Connection: close",
    ...SECURITY_HEADERS,
    ...(status === 405 ? ["Allow: GET, HEAD"] : []),
  ];
  return head.join("\r\n") + "\r\n\r\n";
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
