/**
 * One HTTP GET to a catalog, bounded in bytes; its caller bounds the time.
 *
 * Not `fetch`: that refuses ports which browsers refuse (6000, 6667, 10080), follows a proxy that
 * knows nothing of a catalog on this machine, and reports errors in words of the runtime.
 * `node:http` does none of that, and reads the headers of cctools, whose lines end with LF only.
 * There are no redirects, no compression and no second request on a connection.
 */
import { get, type IncomingMessage } from "node:http";
import { type Address, addressText } from "../../base/address.ts";
import { ByteBuilder } from "../../bytes/byte_builder.ts";
import { Deferred } from "../../base/deferred.ts";
import { messageOf } from "../../base/errors.ts";
import { MAX_RETRY_AFTER_S } from "../../base/limits.ts";

/** A whole reply. */
export interface HttpGetReply {
  readonly status: number;
  /** The `Date` header, if there is one. */
  readonly date: string | undefined;
  readonly body: Uint8Array;
}

/** There is no whole reply; the message is the reason, in a few words of plain ASCII. */
export class HttpGetError extends Error {
  override name = "HttpGetError";
  /**
   * Milliseconds after which another attempt may succeed, at least: the peer is there, and has too
   * much to do. Undefined: another attempt would give the same.
   */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Characters of a reason that are shown. */
const MAX_REASON_CHARS = 200;

/** Error codes of the system for a peer that is there and ended the connection too early. */
const CUT_OFF = new Set(["ECONNRESET", "EPIPE"]);

/** Reasons by error code of the system, in the words of this project. */
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
 * Asks for one path. All addresses of the host are tried, the next one soon after one is silent.
 *
 * @param address where to ask
 * @param path with its leading slash
 * @param options.maxBytes longest body that is read
 * @param options.signal ends the request at once
 * @throws {HttpGetError} if there is no whole reply with status 200
 */
export function httpGet(
  address: Address,
  path: string,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<HttpGetReply> {
  const { promise, resolve, reject } = new Deferred<HttpGetReply>();
  if (signal.aborted) return Promise.reject(new HttpGetError("called off"));
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
  const calledOff = () => fail(new HttpGetError("called off"));
  signal.addEventListener("abort", calledOff, { once: true });
  request.on("error", (error) => fail(failureOf(error)));
  request.on("response", (response) => {
    response.on("error", (error) => fail(failureOf(error)));
    const refusal = refusalOf(response);
    if (refusal !== undefined) return fail(refusal);
    const body = new ByteBuilder();
    response.on("data", (chunk: Uint8Array) => {
      if (body.length + chunk.length <= maxBytes) body.add(chunk);
      else fail(new HttpGetError(`its reply is longer than ${maxBytes} bytes`));
    });
    response.on("end", () => {
      resolve({ status: 200, date: response.headers.date, body: body.view() });
    });
  });
  return promise.finally(() => signal.removeEventListener("abort", calledOff));
}

/** Why a reply is of no use, as soon as its head is there. */
function refusalOf({ statusCode, httpVersionMajor, headers }: IncomingMessage) {
  if (httpVersionMajor !== 1) return new HttpGetError("its reply is not HTTP/1");
  if (statusCode === 503 || statusCode === 429) {
    return new HttpGetError("it is busy", 1_000 * retryAfterS(headers["retry-after"]));
  }
  if (statusCode !== 200) return new HttpGetError(`it answered with HTTP status ${statusCode}`);
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") return new HttpGetError("its reply is compressed, unasked");
  return undefined;
}

/** `Retry-After` in seconds, in bounds: a catalog must not silence its clients. */
function retryAfterS(header: string | undefined): number {
  const seconds = /^\d{1,9}$/.test(header ?? "") ? Number(header) : 0;
  return Math.min(seconds, MAX_RETRY_AFTER_S);
}

function failureOf(error: Error): HttpGetError {
  const code = "code" in error ? String(error.code) : "";
  const reason = REASONS[code];
  // `aborted` is what the runtime calls a reply that was cut off.
  if (CUT_OFF.has(code) || error.message === "aborted") {
    return new HttpGetError(REASONS["ECONNRESET"] ?? "", 0);
  }
  if (reason !== undefined) return new HttpGetError(reason);
  if (code.startsWith("HPE_")) return new HttpGetError("its reply is not HTTP");
  // It may quote what the peer sent.
  const plain = messageOf(error).slice(0, MAX_REASON_CHARS).replace(/[^\x20-\x7e]/g, "?");
  return new HttpGetError(plain || "it cannot be asked");
}
