/**
 * A connection of the client. It sends lines in order, without waiting for replies, and passes each
 * reply to a receiver. The receiver matches replies to its requests by their order.
 */
import { type Address, addressText } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { MAX_LINE_BYTES, MAX_UNWRITTEN_BYTES } from "../base/limits.ts";
import { ByteBuilder } from "../bytes/byte_builder.ts";
import { textAt } from "../bytes/span.ts";
import {
  decodeReply,
  isFailure,
  ReplyFormatError,
  type SuccessReply,
} from "../protocol/decode_reply.ts";
import { LineFramer } from "../bytes/line_framer.ts";
import type { ClientSocket, ConnectTcp } from "./client_socket.ts";
import { dial, type Trust } from "./dial.ts";
import { ConnectionLostError, errorFrom, HtError, TlsError } from "./errors.ts";

const READ_BUFFER_BYTES = 64 * 1024;

/** A longer line is encoded before it is added: the buffer would get room for three bytes a character. */
const SHORT_CHARS = 1024;

/** A larger buffer is dropped after its write. */
const MAX_SPARE_BYTES = 64 * 1024;

/**
 * First byte of a TLS alert, with which a server with TLS replies to plain text. No reply contains it:
 * JSON escapes it.
 */
const TLS_ALERT = 0x15;

/** Receives the replies of a connection. */
export interface ReplyReceiver {
  /**
   * Receives the line of a reply, without its LF, at `start` to `end` of the bytes.
   *
   * @param isFirst whether it is the first line of a read
   * @throws {ReplyFormatError} if it is no reply: the peer is another kind of server
   */
  onLine(bytes: Uint8Array, start: number, end: number, isFirst: boolean): void;
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
  /** Lines that wait for the end of the current write. */
  #outgoing = new ByteBuilder();
  /** The buffer of the last write. */
  #spare = new ByteBuilder();
  #isWriting = false;
  /** Whether `#flush` is called at the end of this turn of the event loop. */
  #isScheduled = false;
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
   * @param connectTcp opens the connection (default: by the sockets of this runtime)
   * @throws {ServerNotFoundError} if nothing answers there
   * @throws {TlsError} if the server's certificate is not trusted, or the server does not speak TLS
   */
  static async connect(
    address: Address,
    signal: AbortSignal,
    trust?: Trust,
    connectTcp?: ConnectTcp,
  ): Promise<Connection> {
    return new Connection(address, await dial(address, trust, signal, connectTcp));
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
    return this.#outgoing.length >= MAX_UNWRITTEN_BYTES;
  }

  /**
   * Sends a line. All lines of one turn of the event loop leave in one write.
   *
   * @param line with its LF; dropped if the connection is over, which `onBroken` reports
   */
  write(line: string | Uint8Array): void {
    if (this.#broken) return;
    if (typeof line !== "string") this.#outgoing.add(line);
    else if (line.length <= SHORT_CHARS) this.#outgoing.addText(line);
    else this.#outgoing.add(encoder.encode(line));
    if (this.#isWriting || this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(this.#flush);
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
        onLine: (bytes, start, end) => {
          const reply = decodeReply(textAt(bytes, start, end));
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

  /** Writes what waits, unless a write is in progress, which does it at its end. */
  readonly #flush = (): void => {
    this.#isScheduled = false;
    if (this.#isWriting || this.#outgoing.length === 0) return;
    this.#isWriting = true;
    void this.#write();
  };

  async #write(): Promise<void> {
    try {
      while (this.#outgoing.length > 0) {
        const written = this.#outgoing;
        this.#outgoing = this.#spare;
        this.#receiver?.onRoom?.();
        let bytes = written.view();
        while (bytes.length > 0) bytes = bytes.subarray(await this.#socket.write(bytes));
        written.length = 0;
        this.#spare = written.bytes.length > MAX_SPARE_BYTES ? new ByteBuilder() : written;
      }
      this.#isWriting = false;
    } catch (error) {
      // The server's last reply, such as `Busy`, may be unread; the reader ends the connection.
      this.#outgoing.length = 0;
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
        for (let line = 1; this.#framer.next(); line++) {
          const { bytes, start, end, problem } = this.#framer;
          if (problem === "no memory") throw new Error("no memory is left for a reply");
          if (problem !== undefined) throw new Error(`a reply was ${problem}`);
          this.#take(bytes, start, end, line === 1);
        }
        // At once, without a microtask: replies lead to requests.
        this.#flush();
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

  #take(bytes: Uint8Array, start: number, end: number, isFirst: boolean): void {
    if (this.#broken) return;
    if (this.#receiver) return this.#receiver.onLine(bytes, start, end, isFirst);
    // A reply without a request: `Busy`, or the peer is another kind of server.
    const reply = decodeReply(textAt(bytes, start, end));
    const error = isFailure(reply) ? errorFrom(reply) : undefined;
    this.break(error ?? new ConnectionLostError("a reply came without a request", true));
  }
}
