/**
 * One connection to a server: requests go out in order, as many as wanted before the first reply,
 * and replies are matched to them by their order.
 */
import { type Address, addressText } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { MAX_LINE_BYTES } from "../base/limits.ts";
import {
  decodeReply,
  isFailure,
  ReplyFormatError,
  type SuccessReply,
} from "../protocol/decode_reply.ts";
import { textAt } from "../base/span.ts";
import { LineFramer } from "../protocol/line_framer.ts";
import { dial, type Trust } from "./dial.ts";
import { ConnectionLostError, errorFrom, HtError, TlsError } from "./errors.ts";

const READ_BUFFER_BYTES = 64 * 1024;

/**
 * First byte of what a server with TLS answers to plain text, before it closes. No read of replies
 * begins with it: within JSON it must be escaped.
 */
const TLS_ALERT = 0x15;

interface Waiting {
  readonly resolve: (reply: SuccessReply) => void;
  readonly reject: (error: HtError) => void;
}

const encoder = new TextEncoder();

/** A connection with requests in flight. */
export class Link {
  readonly address: Address;
  readonly #connection: Deno.Conn;
  readonly #framer = new LineFramer(MAX_LINE_BYTES);
  /** Requests without a reply, in the order in which they were sent. */
  #waiting: Waiting[] = [];
  #firstWaiting = 0;
  #outgoing = "";
  #isWriting = false;
  #broken: HtError | undefined;
  #writeFailure: string | undefined;
  readonly #reading: Promise<void>;
  readonly #silenceMs: number;
  #lastReadMs = 0;
  #watch: ReturnType<typeof setTimeout> | undefined;

  private constructor(address: Address, connection: Deno.Conn, silenceMs: number) {
    this.address = address;
    this.#connection = connection;
    this.#silenceMs = silenceMs;
    this.#reading = this.#read();
  }

  /**
   * Connects.
   *
   * @param signal gives up
   * @param silenceMs how long requests wait for a server that says nothing, in milliseconds
   * @param trust with whom to speak TLS; (default: plain TCP)
   * @throws {ServerNotFoundError} where nobody answers there
   * @throws {TlsError} where the peer is not whom to trust, or does not speak TLS
   */
  static async connect(
    address: Address,
    signal: AbortSignal,
    silenceMs: number,
    trust?: Trust,
  ): Promise<Link> {
    return new Link(address, await dial(address, trust, signal), silenceMs);
  }

  /** Whether the connection is over; then no more requests can be sent. */
  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /**
   * Sends a request.
   *
   * @param line with its LF
   * @returns the reply
   * @throws {ReplyError} where the reply is an `ERROR`
   * @throws {ConnectionLostError} where the connection broke before the reply came
   */
  send(line: string): Promise<SuccessReply> {
    if (this.#broken) {
      return Promise.reject(new ConnectionLostError(this.#broken.message, false));
    }
    return new Promise((resolve, reject) => {
      if (this.#firstWaiting === this.#waiting.length) this.#lastReadMs = performance.now();
      this.#waiting.push({ resolve, reject });
      this.#watch ??= setTimeout(this.#lookForSilence, this.#silenceMs);
      this.#outgoing += line;
      if (this.#isWriting) return;
      this.#isWriting = true;
      // All that is sent in one turn leaves in one write.
      queueMicrotask(() => void this.#write());
    });
  }

  /** Closes; requests without a reply fail. */
  async close(): Promise<void> {
    this.#break(new ConnectionLostError("The connection was closed by this client", true));
    await this.#reading;
  }

  /** Looks now and then whether the server has fallen silent while requests wait. */
  readonly #lookForSilence = (): void => {
    this.#watch = undefined;
    if (this.#firstWaiting === this.#waiting.length) return;
    const silentMs = performance.now() - this.#lastReadMs;
    if (silentMs < this.#silenceMs) {
      this.#watch = setTimeout(this.#lookForSilence, this.#silenceMs - silentMs);
      return;
    }
    const why = `no reply for ${this.#silenceMs / 1e3} s`;
    this.#break(new ConnectionLostError(`${addressText(this.address)} is silent: ${why}`, true));
  };

  async #write(): Promise<void> {
    try {
      while (this.#outgoing !== "") {
        let bytes = encoder.encode(this.#outgoing);
        this.#outgoing = "";
        while (bytes.length > 0) bytes = bytes.subarray(await this.#connection.write(bytes));
      }
      this.#isWriting = false;
    } catch (error) {
      // What the server said last, such as `Busy`, may still be there to read; the reader ends it.
      this.#outgoing = "";
      this.#writeFailure = messageOf(error);
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    let why = "the server closed it";
    let isNoServer = false;
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.#lastReadMs = performance.now();
        if (buffer[0] === TLS_ALERT) return this.#break(this.#wantsTls());
        this.#framer.push(buffer, count);
        while (this.#framer.next()) {
          const { bytes, start, end, problem } = this.#framer;
          if (problem === "no memory") throw new Error("there is no memory for a reply");
          if (problem !== undefined) throw new Error(`a reply was ${problem}`);
          this.#take(textAt(bytes, start, end));
        }
      }
    } catch (error) {
      why = messageOf(error);
      isNoServer = error instanceof ReplyFormatError;
    } finally {
      this.#framer.drop();
    }
    this.#break(
      new ConnectionLostError(
        `The connection to ${addressText(this.address)} broke: ${this.#writeFailure ?? why}`,
        true,
        isNoServer,
      ),
    );
  }

  #wantsTls(): TlsError {
    return new TlsError(
      `Cannot use ${
        addressText(this.address)
      }: it wants TLS; use --ca with a file that has its certificate`,
    );
  }

  #take(line: string): void {
    const reply = decodeReply(line);
    const waiting = this.#waiting[this.#firstWaiting];
    if (waiting === undefined) {
      // Said before anything was asked: `Busy`, or the peer is no such server.
      const error = isFailure(reply) ? errorFrom(reply) : undefined;
      return this.#break(error ?? new ConnectionLostError("a reply came unasked", true));
    }
    this.#firstWaiting++;
    if (this.#firstWaiting === this.#waiting.length || this.#firstWaiting > 1_024) {
      this.#waiting.splice(0, this.#firstWaiting);
      this.#firstWaiting = 0;
    }
    if (isFailure(reply)) waiting.reject(errorFrom(reply));
    else waiting.resolve(reply);
  }

  #break(error: HtError): void {
    if (this.#broken) return;
    this.#broken = error;
    clearTimeout(this.#watch);
    this.#connection.close();
    const waiting = this.#waiting.slice(this.#firstWaiting);
    this.#waiting = [];
    this.#firstWaiting = 0;
    for (const { reject } of waiting) reject(error);
  }
}
