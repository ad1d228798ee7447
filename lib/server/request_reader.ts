/**
 * The request reader of a connection: cuts the received bytes into lines, decodes them, and checks the
 * first ones (the handshake).
 *
 * The peer may speak another protocol. A web page can make a visitor's browser send HTTP to any port,
 * and TLS, STUN and FTP also carry bytes that a third party chose. Such bytes can contain lines that are
 * valid requests. So the first line decides: if it is not a request, it gets one error that quotes
 * nothing of it, and the connection closes before anything behind it is executed.
 *
 * Until a client has sent the token, its lines must be short, and it may only say `hello`. The reserved admin connection of a full
 * server may send the requests of a few methods only.
 */
import { MAX_HANDSHAKE_BYTES } from "../base/limits.ts";
import type { Client, ClosingFailure } from "../commands/client_state.ts";
import { COMMANDS } from "../commands/command_table.ts";
import { tokenMissing } from "../commands/failures.ts";
import { decodeRequest, isRejection, rejectLine } from "../protocol/decode_request.ts";
import { LineFramer } from "../bytes/line_framer.ts";
import type { Failure } from "../protocol/message.ts";
import type { Rejection, Request } from "../protocol/requests.ts";

const TAB = 9, LF = 10, CR = 13, SPACE = 32, OPEN_OBJECT = 123;

const NOT_OUR_PROTOCOL: Failure = {
  type: "RequestError",
  message:
    "Cannot read the first line of this connection: it must be a JSON object in UTF-8 with a string member 'method', and it is not; the connection is closed and nothing behind that line is executed",
};

/** The client of a reader, and its limits. */
interface RequestReaderOptions {
  readonly client: Client;
  /** Maximum size of a line, in bytes, of a client that needs no token or has sent it. */
  readonly maxRequestBytes: number;
  /** Set for the reserved admin connection: the failure of methods that it may not use. */
  readonly busy: ClosingFailure | undefined;
  /** Called when the connection is closed because its first line is not a request. */
  readonly onForeign: () => void;
}

/** Reads the requests of one connection. */
export class RequestReader {
  /** Cuts the bytes into lines; `read` takes them. */
  readonly framer: LineFramer;
  readonly #options: RequestReaderOptions;
  /** Whether a byte other than a line end was received. */
  #hasContent = false;
  /** Whether no request can begin with the first such byte. */
  #isForeign = false;
  #hasRequest = false;
  /** Whether requests are checked: during the handshake, and always on the reserved connection. */
  #isChecking = true;

  constructor(options: RequestReaderOptions) {
    this.#options = options;
    this.framer = new LineFramer(Math.min(MAX_HANDSHAKE_BYTES, options.maxRequestBytes));
  }

  /** Takes received bytes, which must not change until all requests are read; see `LineFramer.push`. */
  push(chunk: Uint8Array, end: number): void {
    for (let at = 0; at < end && !this.#hasContent; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === LF || byte === CR) continue;
      this.#hasContent = true;
      this.#isForeign = byte !== OPEN_OBJECT && byte !== SPACE && byte !== TAB;
    }
    this.framer.push(chunk, end);
  }

  /** Reads the next request or rejection; undefined if no whole line has arrived. */
  read(): Request | Rejection | undefined {
    const { framer } = this;
    if (this.#isChecking) {
      if (this.#isForeign) return this.#close(NOT_OUR_PROTOCOL);
      const { client, maxRequestBytes } = this.#options;
      if (client.isAuthenticated) framer.maxLineBytes = maxRequestBytes;
    }
    if (!framer.next()) return undefined;
    const { problem } = framer;
    const request = problem === undefined
      ? decodeRequest(framer.bytes, framer.start, framer.end)
      : rejectLine(problem, framer.maxLineBytes);
    if (!this.#isChecking) return request;
    const { client, maxRequestBytes, busy } = this.#options;
    if (!this.#hasRequest) {
      if (isRejection(request)) {
        if (request.failure.type === "RequestError") return this.#close(NOT_OUR_PROTOCOL);
        if (problem !== undefined) return this.#close(request.failure);
      }
      this.#hasRequest = true;
    }
    const { id, method } = request;
    if (busy !== undefined) {
      const isAllowed = method !== undefined && COMMANDS[method].reservedSlotAllowed;
      if (!isAllowed) return { id, method, failure: busy };
    } else {
      this.#isChecking = !client.isAuthenticated || framer.maxLineBytes < maxRequestBytes;
    }
    if (client.isAuthenticated) return request;
    if (problem !== undefined) return { id, method, failure: tokenMissing(undefined) };
    return this.#beforeToken(request);
  }

  /** Before a client has sent the token, it may use and learn the members of `hello` only. */
  #beforeToken(request: Request | Rejection): Request | Rejection {
    const { id, method } = request;
    if (method !== undefined && COMMANDS[method].allowedBeforeAuth) return request;
    if (isRejection(request)) {
      const { type } = request.failure;
      const isAboutMembers = type === "ValueError" || type === "MethodError";
      if (!isAboutMembers) return request;
    }
    return { id, method, failure: tokenMissing(method) };
  }

  /** Rejects the first line. An id in it is not quoted, so the reply has none. */
  #close({ type, message }: Failure): Rejection {
    this.#options.onForeign();
    const failure: ClosingFailure = { type, message, closes: true };
    return { id: undefined, method: undefined, failure };
  }
}
