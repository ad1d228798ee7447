/**
 * A connection to one node of a store. All commands of a flush leave in one write, and the replies are read
 * meanwhile, so that no command waits for the reply to an earlier one.
 */
import { type Address, addressText } from "../base/address.ts";
import { Deferred } from "../base/deferred.ts";
import { messageOf } from "../base/errors.ts";
import { Fifo } from "../base/fifo.ts";
import { ByteBuilder } from "../bytes/byte_builder.ts";
import type { ClientSocket } from "../client/client_socket.ts";
import { AskCommand } from "./ask_command.ts";
import type { LinkCommand, NodeLink, ReplyValue } from "./node_link.ts";
import { RespReader } from "./resp_reader.ts";

const READ_BUFFER_BYTES = 64 * 1024;

/** A larger buffer is dropped after its write. */
const MAX_SPARE_BYTES = 256 * 1024;

/** First byte of a TLS alert: a node with TLS may reply it to plain bytes. */
const TLS_ALERT = 0x15;

/** The reason of a connection that this process closed. */
const CLOSED_HERE = "this server closed the connection";

/** A connection over an open socket. `openNode` makes one that can be used. */
export class NodeConnection implements NodeLink {
  readonly address: Address;
  /** Set once, by the handshake. */
  clientId = 0;
  readonly closed: Promise<string>;
  readonly #socket: ClientSocket;
  /** The commands without a reply, in order. */
  readonly #commands = new Fifo<LinkCommand>();
  readonly #reader = new RespReader(this.#commands);
  /** Encoded commands that wait for a flush, or for the end of the current write. */
  #outgoing = new ByteBuilder();
  /** The buffer of the last write. */
  #spare = new ByteBuilder();
  /** The last commands of `#commands`, by their number, of which no byte was given to the system. */
  #unsent = 0;
  #isWriting = false;
  /** Bytes of the current write that the system has not taken yet. */
  #writingBytes = 0;
  #writeFailure: string | undefined;
  /** Why the connection has ended; undefined: it has not. */
  #reason: string | undefined;

  constructor(address: Address, socket: ClientSocket) {
    this.address = address;
    this.#socket = socket;
    this.closed = this.#read();
  }

  get unsentBytes(): number {
    return this.#outgoing.length + this.#writingBytes;
  }

  send(command: LinkCommand): void {
    if (this.#reason !== undefined || this.#writeFailure !== undefined) return command.onUnsent?.();
    const out = this.#outgoing;
    const { length } = out;
    try {
      command.encode(out);
    } catch (error) {
      // Half a command would make the node read the next one as its rest.
      out.length = length;
      throw error;
    }
    this.#commands.push(command);
    this.#unsent++;
  }

  flush(): void {
    if (this.#isWriting || this.#outgoing.length === 0 || this.#reason !== undefined) return;
    this.#isWriting = true;
    void this.#write();
  }

  ask(...words: readonly string[]): Promise<ReplyValue> {
    const asked = this.addQuestion(words);
    this.flush();
    return asked;
  }

  /** Adds a question, which the next `flush` sends; see `ask`. */
  addQuestion(words: readonly string[]): Promise<ReplyValue> {
    const { promise, resolve, reject } = new Deferred<ReplyValue>();
    const reason = this.#reason ?? this.#writeFailure;
    if (reason === undefined) this.send(new AskCommand(words, { resolve, reject }));
    else reject(new Error(reason));
    return promise;
  }

  close(): void {
    this.#end(CLOSED_HERE);
  }

  /** Ends the connection, once. */
  #end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#reader.stop();
    this.#socket.close();
    this.#outgoing = this.#spare = new ByteBuilder();
    const waiting = [...this.#commands];
    while (this.#commands.length > 0) this.#commands.shift();
    for (const [at, command] of waiting.entries()) {
      if (command instanceof AskCommand) command.onLost(reason);
      else if (at >= waiting.length - this.#unsent) command.onUnsent?.();
    }
  }

  /** Writes what was flushed, until nothing is left. */
  async #write(): Promise<void> {
    try {
      while (this.#outgoing.length > 0) {
        const written = this.#outgoing;
        this.#outgoing = this.#spare;
        this.#unsent = 0;
        let bytes = written.view();
        for (;;) {
          this.#writingBytes = bytes.length;
          if (bytes.length === 0) break;
          bytes = bytes.subarray(await this.#socket.write(bytes));
        }
        written.length = 0;
        this.#spare = written.bytes.length > MAX_SPARE_BYTES ? new ByteBuilder() : written;
      }
      this.#isWriting = false;
    } catch (error) {
      // Replies may be unread. The reader takes them, and then ends the connection.
      this.#writeFailure = `cannot send to ${addressText(this.address)}: ${messageOf(error)}`;
      this.#outgoing.length = this.#writingBytes = 0;
    }
  }

  /** Reads replies until the end. @returns the reason of the end; never rejects */
  async #read(): Promise<string> {
    const at = addressText(this.address);
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    let why = `${at} closed the connection`;
    try {
      for (let isFirst = true;; isFirst = false) {
        const count = await this.#socket.read(buffer);
        if (count === null || this.#reason !== undefined) break;
        if (isFirst && buffer[0] === TLS_ALERT) throw new Error("it requires TLS");
        this.#reader.push(buffer, count);
      }
    } catch (error) {
      why = `the connection to ${at} broke: ${messageOf(error)}`;
    }
    this.#end(this.#writeFailure ?? why);
    return this.#reason ?? why;
  }
}
