/**
 * One connection to a server: lines go out in order, as many as wanted before the first reply, and
 * replies come in to a receiver, which matches them to its requests by their order.
 */
import { type Address, addressText } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { MAX_LINE_BYTES, MAX_UNWRITTEN_CHARS } from "../base/limits.ts";
import {
  decodeReply,
  isFailure,
  ReplyFormatError,
  type SuccessReply,
} from "../protocol/decode_reply.ts";
import type { Failure } from "../protocol/message.ts";
import { textAt } from "../bytes/span.ts";
import { LineFramer } from "../protocol/line_framer.ts";
import type { ClientSocket } from "./client_socket.ts";
import { dial, type Trust } from "./dial.ts";
import { ConnectionLostError, errorFrom, HtError, TlsError } from "./errors.ts";

const READ_BUFFER_BYTES = 64 * 1024;

/**
 * First byte of what a server with TLS answers to plain text, before it closes. No read of replies
 * begins with it: within JSON it must be escaped.
 */
const TLS_ALERT = 0x15;

/** What replies come to. */
export interface LinkReceiver {
  /** A whole reply. */
  onReply(reply: SuccessReply | Failure): void;
  /** What was sent is on its way into the connection: there is room for more. */
  onRoom?(): void;
  /** The connection is over, and no reply follows; called once, and not before `attach` returns. */
  onBroken(error: HtError): void;
}

const encoder = new TextEncoder();

/** A connection. */
export class Connection {
  readonly address: Address;
  readonly #socket: ClientSocket;
  readonly #framer = new LineFramer(MAX_LINE_BYTES);
  #receiver: LinkReceiver | undefined;
  #outgoing = "";
  #isWriting = false;
  #broken: HtError | undefined;
  #writeFailure: string | undefined;
  readonly #reading: Promise<void>;

  private constructor(address: Address, socket: ClientSocket) {
    this.address = address;
    this.#socket = socket;
    this.#reading = this.#read();
  }

  /**
   * Connects.
   *
   * @param signal gives up
   * @param trust with whom to speak TLS; (default: plain TCP)
   * @throws {ServerNotFoundError} where nobody answers there
   * @throws {TlsError} where the peer is not whom to trust, or does not speak TLS
   */
  static async connect(
    address: Address,
    signal: AbortSignal,
    trust?: Trust,
  ): Promise<Connection> {
    return new Connection(address, await dial(address, trust, signal));
  }

  /** IP address of the other end; empty if it is unknown. */
  get peer(): string {
    return this.#socket.peer;
  }

  /** From now on replies, and the end of the connection, go to this receiver. */
  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
    const broken = this.#broken;
    if (broken) queueMicrotask(() => receiver.onBroken(broken));
  }

  /** Whether so much waits to be written that no more should be sent until `onRoom`. */
  get isFull(): boolean {
    return this.#outgoing.length >= MAX_UNWRITTEN_CHARS;
  }

  /**
   * Sends a line. All that is sent in one turn leaves in one write.
   *
   * @param line with its LF; dropped if the connection is over, which the receiver hears of
   */
  write(line: string): void {
    if (this.#broken) return;
    this.#outgoing += line;
    if (this.#isWriting) return;
    this.#isWriting = true;
    queueMicrotask(() => void this.#write());
  }

  /**
   * Sends the only request that waits for a reply; afterwards the connection has no receiver.
   *
   * @param line with its LF
   * @returns the reply
   * @throws {ReplyError} where the reply is an `ERROR`
   * @throws {ConnectionLostError} where the connection broke before the reply came
   */
  ask(line: string): Promise<SuccessReply> {
    return new Promise((resolve, reject) => {
      this.attach({
        onReply: (reply) => {
          this.#receiver = undefined;
          if (isFailure(reply)) reject(errorFrom(reply));
          else resolve(reply);
        },
        onBroken: reject,
      });
      this.write(line);
    });
  }

  /** Ends the connection; the receiver hears why. */
  break(error: HtError): void {
    if (this.#broken) return;
    this.#broken = error;
    this.#socket.close();
    this.#receiver?.onBroken(error);
  }

  /** Closes, and waits until nothing is read any more. */
  async close(): Promise<void> {
    this.break(new ConnectionLostError("The connection was closed by this client", true));
    await this.#reading;
  }

  async #write(): Promise<void> {
    try {
      while (this.#outgoing !== "") {
        let bytes = encoder.encode(this.#outgoing);
        this.#outgoing = "";
        this.#receiver?.onRoom?.();
        while (bytes.length > 0) bytes = bytes.subarray(await this.#socket.write(bytes));
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
    let state: "unknown" | "no server" = "unknown";
    try {
      for (;;) {
        const count = await this.#socket.read(buffer);
        if (count === null) break;
        if (buffer[0] === TLS_ALERT) return this.break(this.#wantsTls());
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
      if (error instanceof ReplyFormatError) state = "no server";
    } finally {
      this.#framer.clear();
    }
    this.break(
      new ConnectionLostError(
        `The connection to ${addressText(this.address)} broke: ${this.#writeFailure ?? why}`,
        true,
        state,
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
    if (this.#broken) return;
    const reply = decodeReply(line);
    if (this.#receiver) return this.#receiver.onReply(reply);
    // Said before anything was asked: `Busy`, or the peer is no such server.
    const error = isFailure(reply) ? errorFrom(reply) : undefined;
    this.break(error ?? new ConnectionLostError("a reply came unasked", true));
  }
}
