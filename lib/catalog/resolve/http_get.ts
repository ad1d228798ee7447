/**
 * One HTTP GET to a catalog, bounded in bytes; the caller bounds the time.
 *
 * `fetch` does not fit: it rejects ports that browsers reject (6000, 6667, 10080), uses a proxy that
 * cannot reach a catalog on this machine, and has its own error messages. `node:http` has none of these
 * problems, and reads the headers of cctools, whose lines end with LF only. A request follows no
 * redirect, accepts no compression, and is the only one on its connection.
 */
import { get, type IncomingMessage } from "node:http";
import { type Address, addressText } from "../../base/address.ts";
import { ByteBuilder } from "../../bytes/byte_builder.ts";
import { Deferred } from "../../base/deferred.ts";
import { messageOf } from "../../base/errors.ts";
import { MAX_RETRY_AFTER_S } from "../../base/limits.ts";

/** A complete reply with status 200. */
interface HttpGetReply {
  /** The `Date` header; undefined if the reply has none. */
  readonly date: string | undefined;
  readonly body: Uint8Array;
}

/** The error of a request without a complete reply; the message is the reason, in printable ASCII. */
export class HttpGetError extends Error {
  override name = "HttpGetError";
  /**
   * Minimum time until another attempt may succeed, in milliseconds, if the peer is busy. Undefined if
   * another attempt would fail in the same way.
   */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Longest reason, in characters. */
const MAX_REASON_CHARS = 200;

/** Error codes of the system for a connection that the peer closed too early. */
const CLOSED_EARLY = new Set(["ECONNRESET", "EPIPE"]);

/** Reasons by error code of the system. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "it closed the connection before the reply was complete",
  EPIPE: "it closed the connection before the reply was complete",
  ENOTFOUND: "its name cannot be looked up",
  EAI_AGAIN: "its name cannot be looked up",
  ENETUNREACH: "the network does not reach it",
  EHOSTUNREACH: "the network does not reach it",
  EADDRNOTAVAIL: "the network does not reach it",
  EINVAL: "the network does not reach it",
  ETIMEDOUT: "it does not answer",
  HPE_HEADER_OVERFLOW: "the head of its reply is too long",
};

/**
 * Requests one path. `node:http` tries all addresses of the host, with short timeouts.
 *
 * @param path with its leading slash
 * @param options.maxBytes longest body
 * @param options.signal cancels the request
 * @throws {HttpGetError} if the peer sends no complete reply with status 200
 */
export function httpGet(
  address: Address,
  path: string,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<HttpGetReply> {
  const { promise, resolve, reject } = new Deferred<HttpGetReply>();
  if (signal.aborted) return Promise.reject(new HttpGetError("canceled"));
  const request = get({
    hostname: address.hostname,
    port: address.port,
    path,
    agent: false, // a connection of its own, which ends with the reply
    insecureHTTPParser: true, // line ends without CR
    headers: { host: addressText(address), connection: "close" },
  });
  const fail = (error: HttpGetError) => {
    reject(error);
    request.destroy();
  };
  const cancel = () => fail(new HttpGetError("canceled"));
  signal.addEventListener("abort", cancel, { once: true });
  request.on("error", (error) => fail(toError(error)));
  request.on("response", (response) => {
    response.on("error", (error) => fail(toError(error)));
    const problem = checkHead(response);
    if (problem !== undefined) return fail(problem);
    const body = new ByteBuilder();
    response.on("data", (chunk: Uint8Array) => {
      if (body.length + chunk.length <= maxBytes) body.add(chunk);
      else fail(new HttpGetError(`its reply is longer than ${maxBytes} bytes`));
    });
    response.on("end", () => {
      resolve({ date: response.headers.date, body: body.view() });
    });
  });
  return promise.finally(() => signal.removeEventListener("abort", cancel));
}

/** Checks the head of a reply; returns an error if the reply cannot be used. */
function checkHead({ statusCode, httpVersionMajor, headers }: IncomingMessage) {
  if (httpVersionMajor !== 1) return new HttpGetError("its reply is not HTTP/1");
  if (statusCode === 503 || statusCode === 429) {
    return new HttpGetError("it is busy", 1_000 * retryAfterS(headers["retry-after"]));
  }
  if (statusCode !== 200) return new HttpGetError(`it answered with HTTP status ${statusCode}`);
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    return new HttpGetError("its reply is compressed, although the request did not allow it");
  }
  return undefined;
}

/** Parses `Retry-After`, in seconds. It has a bound: a catalog must not stop its clients for long. */
function retryAfterS(header: string | undefined): number {
  const seconds = /^\d{1,9}$/.test(header ?? "") ? Number(header) : 0;
  return Math.min(seconds, MAX_RETRY_AFTER_S);
}

function toError(error: Error): HttpGetError {
  const code = "code" in error ? String(error.code) : "";
  const reason = REASONS[code];
  // The runtime reports a truncated reply as `aborted`.
  if (CLOSED_EARLY.has(code) || error.message === "aborted") {
    return new HttpGetError(REASONS["ECONNRESET"] ?? "", 0);
  }
  if (reason !== undefined) return new HttpGetError(reason);
  if (code.startsWith("HPE_")) return new HttpGetError("its reply is not HTTP");
  // The message may quote bytes of the peer.
  const plain = messageOf(error).slice(0, MAX_REASON_CHARS).replace(/[^\x20-\x7e]/g, "?");
  return new HttpGetError(plain || "it cannot be queried");
}
