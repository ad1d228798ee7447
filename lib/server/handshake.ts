/**
 * The handshake: decides what a connection may send before the server trusts it.
 *
 * The peer may not know this protocol. A web page can make a visitor's browser send HTTP to any port,
 * and TLS, STUN and FTP also carry bytes that a third party chose: such bytes can hold lines that look
 * like requests. So the first line decides. If it is no request, it gets one error that
 * quotes nothing of it, and the connection closes before anything behind it is executed.
 *
 * Until a client has sent the token, its lines must be short.
 */
import { MAX_HANDSHAKE_BYTES } from "../base/limits.ts";
import { isRejection } from "../protocol/decode_request.ts";
import type { LineFramer } from "../protocol/line_framer.ts";
import type { Rejection, Request } from "../protocol/requests.ts";
import { type Client, type ClosingFailure, tokenMissing } from "../commands/command_table.ts";

const TAB = 9, LF = 10, CR = 13, SPACE = 32, OPEN_OBJECT = 123;

const NOT_OUR_PROTOCOL: ClosingFailure = {
  type: "RequestError",
  message:
    "Cannot read the first line of this connection: it must be a JSON object in UTF-8 with a string member 'method', and it is not; the connection is closed and nothing behind that line is executed",
  closes: true,
};

/** The handshake of one connection. */
export class Handshake {
  readonly #client: Client;
  readonly #framer: LineFramer;
  readonly #maxRequestBytes: number;
  /** Whether something other than line ends has come, and whether no request begins with it. */
  #hasBegun = false;
  #isForeign = false;
  /** Whether a line was a request. */
  #hasSpoken = false;

  /**
   * @param framer of this connection; its limit is changed here
   * @param maxRequestBytes the longest line of a client that needs no token or has sent it
   */
  constructor(client: Client, framer: LineFramer, maxRequestBytes: number) {
    this.#client = client;
    this.#framer = framer;
    this.#maxRequestBytes = maxRequestBytes;
    framer.maxLineBytes = Math.min(MAX_HANDSHAKE_BYTES, maxRequestBytes);
  }

  /** Whether there is nothing left to check. */
  get isOver(): boolean {
    return this.#hasSpoken && this.#framer.maxLineBytes === this.#maxRequestBytes;
  }

  /** Looks at bytes that came, before they are cut into lines. */
  checkBytes(chunk: Uint8Array, end: number): void {
    for (let at = 0; at < end && !this.#hasBegun; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === LF || byte === CR) continue;
      this.#hasBegun = true;
      this.#isForeign = byte !== OPEN_OBJECT && byte !== SPACE && byte !== TAB;
    }
  }

  /**
   * Called before each line: a client that needs no token or has sent it may send long ones.
   *
   * @returns the refusal if the first byte has decided already
   */
  beforeLine(): Rejection | undefined {
    if (this.#isForeign) return closing(NOT_OUR_PROTOCOL);
    if (this.#client.isAuthenticated) this.#framer.maxLineBytes = this.#maxRequestBytes;
    return undefined;
  }

  /**
   * Looks at a whole line.
   *
   * @param request what the framer's current line was decoded into
   * @returns the same, or the refusal that takes its place
   */
  checkLine(request: Request | Rejection): Request | Rejection {
    const { problem } = this.#framer;
    if (!this.#hasSpoken) {
      if (isRejection(request)) {
        const { failure } = request;
        if (failure.type === "RequestError") return closing(NOT_OUR_PROTOCOL);
        if (problem !== undefined) return closing({ ...failure, closes: true });
      }
      this.#hasSpoken = true;
    }
    if (problem === undefined || this.#client.isAuthenticated) return request;
    return { ...request, failure: tokenMissing(undefined) };
  }
}

/** An id is part of the line, so the reply has none. */
function closing(failure: ClosingFailure): Rejection {
  return { id: undefined, method: undefined, failure };
}
