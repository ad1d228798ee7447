/**
 * A connection of the client. It sends lines in order, without waiting for replies, and passes each
 * reply to a receiver. The receiver matches replies to its requests by their order.
 */
import { type Address, addressText } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { MAX_LINE_BYTES, MAX_UNWRITTEN_CHARS } from "../base/limits.ts";
import { textAt } from "../bytes/span.ts";
import {
  decodeReply,
  isFailure,
  ReplyFormatError,
  type SuccessReply,
} from "../protocol/decode_reply.ts";
import type { Failure } from "../protocol/message.ts";
import { LineFramer } from "../bytes/line_framer.ts";
import type { ClientSocket } from "./client_socket.ts";
import { dial, type Trust } from "./dial.ts";
import { ConnectionLostError, errorFrom, HtError, TlsError } from "./errors.ts";

const READ_BUFFER_BYTES = 64 * 1024;

/**
 * First byte of a TLS alert, with which a server with TLS replies to plain text. No reply contains it:
 * JSON escapes it.
 */
const TLS_ALERT = 0x15;

/** Receives the replies of a connection. */
export interface ReplyReceiver {
  /** Receives a whole reply. */
  onReply(reply: SuccessReply | Failure): void;
  /** Called when the socket has taken all bytes that were sent so far: it has room for more. */
  onRoom?(): void;
  /** Called once when the connection is over, and not before `attach` returns. No reply follows. */
  onBroken(error: HtError): void;
}

const encoder = new TextEncoder();

/** A connection to one server. */
export class Connection {
  readonly address: Address;
  readonly #socket: ClientSocket;
  readonly #framer = new LineFramer(MAX_LINE_BYTES);
  #receiver: ReplyReceiver | undefined;
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
   * @param signal ends the attempt
   * @param trust the requirements on TLS (default: plain TCP)
   * @throws {ServerNotFoundError} if nothing answers there
   * @throws {TlsError} if the server's certificate is not trusted, or the server does not speak TLS
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

  /** Passes replies, and the end of the connection, to this receiver from now on. */
  attach(receiver: ReplyReceiver): void {
    this.#receiver = receiver;
    const broken = this.#broken;
    if (broken) queueMicrotask(() => receiver.onBroken(broken));
  }

  /** Whether the caller should wait for `onRoom` before it sends more. */
  get isFull(): boolean {
    return this.#outgoing.length >= MAX_UNWRITTEN_CHARS;
  }

  /**
   * Sends a line. All lines of one turn of the event loop leave in one write.
   *
   * @param line with its LF; dropped if the connection is over, which `onBroken` reports
   */
  write(line: string): void {
    if (this.#broken) return;
    this.#outgoing += line;
    if (this.#isWriting) return;
    this.#isWriting = true;
    queueMicrotask(() => void this.#write());
  }

  /**
   * Sends a request while no other request waits for a reply. Afterwards the connection has no receiver.
   *
   * @param line with its LF
   * @throws {ReplyError} if the reply is an `ERROR`
   * @throws {ConnectionLostError} if the connection broke before the reply arrived
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

  /** Ends the connection, and passes the error to the receiver. */
  break(error: HtError): void {
    if (this.#broken) return;
    this.#broken = error;
    this.#socket.close();
    this.#receiver?.onBroken(error);
  }

  /** Closes the connection, and waits for the end of its reads. */
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
      // The server's last reply, such as `Busy`, may be unread; the reader ends the connection.
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
        if (buffer[0] === TLS_ALERT) return this.break(this.#tlsRequiredError());
        this.#framer.push(buffer, count);
        while (this.#framer.next()) {
          const { bytes, start, end, problem } = this.#framer;
          if (problem === "no memory") throw new Error("no memory is left for a reply");
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

  #tlsRequiredError(): TlsError {
    return new TlsError(
      `Cannot use ${
        addressText(this.address)
      }: it requires TLS; use --ca with a file that has its certificate`,
    );
  }

  #take(line: string): void {
    if (this.#broken) return;
    const reply = decodeReply(line);
    if (this.#receiver) return this.#receiver.onReply(reply);
    // A reply without a request: `Busy`, or the peer is another kind of server.
    const error = isFailure(reply) ? errorFrom(reply) : undefined;
    this.break(error ?? new ConnectionLostError("a reply came without a request", true));
  }
}
