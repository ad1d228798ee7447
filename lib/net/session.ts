/**
 * One client's connection, from accept to close: reads, hands requests to the queue, writes.
 *
 * Read, then execute, then write, then read again: a read that waits while a write of the same
 * connection is pending was measured slower, and this way a client that does not take its replies
 * is not read from either (I5).
 */
import { messageOf } from "../base/errors.ts";
import { READ_BUFFER_BYTES, SMALL_READS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { RequestSource } from "../engine/command_queue.ts";
import type { Answer } from "../engine/executor.ts";
import type { ByteChunks } from "../base/byte_chunks.ts";
import { decodeRequest, refusedLine } from "../protocol/decode_request.ts";
import { LineFramer } from "../protocol/line_framer.ts";
import type { Refusal, Request } from "../protocol/message.ts";
import type { Client } from "../table/commands.ts";
import { Outbox } from "./outbox.ts";

/** A connection, as far as a session needs one. */
export interface Connection {
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes, at least one, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Lets the peer read what was written last, for a bounded time; nothing is written after it. */
  linger(): Promise<void>;
  close(): void;
}

/** Takes a client's requests: the engine as the net sees it. */
export type Submit = (source: RequestSource) => Promise<void> | undefined;

/** Bounds of a session, in bytes. */
export interface SessionLimits {
  readonly maxRequestBytes: number;
  readonly maxOutputBytes: number;
}

/** `reading`: waits for bytes; `working`: executes or writes; `closed`: over. */
type State = "reading" | "working" | "closed";

/** Serves one connection. */
export class Session implements RequestSource {
  readonly client: Client;
  readonly #connection: Connection;
  readonly #submit: Submit;
  readonly #limits: SessionLimits;
  readonly #log: Log;
  readonly #framer: LineFramer;
  readonly #outbox: Outbox;
  #state: State = "working";
  /** Set when nothing more is to be taken from this client. */
  #isEnding = false;
  /** Set by a reply that closes: what the client sent behind it is not looked at. */
  #isEndedByAnswer = false;
  #hasMore = false;
  /** Whether the engine has this client: what fails then is not the connection. */
  #isExecuting = false;

  constructor(options: {
    client: Client;
    connection: Connection;
    submit: Submit;
    limits: SessionLimits;
    log: Log;
  }) {
    this.client = options.client;
    this.#connection = options.connection;
    this.#submit = options.submit;
    this.#limits = options.limits;
    this.#log = options.log;
    this.#framer = new LineFramer(options.limits.maxRequestBytes);
    this.#outbox = new Outbox(options.limits.maxOutputBytes);
  }

  /** Serves until either side ends the connection; never throws (I9). */
  async run(): Promise<void> {
    let why = "closed by the client";
    try {
      await this.#serve();
      if (this.#isEnding) why = "closed by the server";
    } catch (error) {
      // Reset, timed out, or cut off by `cut`: the same to the others, who notice nothing.
      why = this.#isEnding ? "closed by the server" : messageOf(error);
      if (this.#isExecuting) {
        this.#log.error("unexpected failure, which is a bug to report", {
          client: this.client.number,
          why: messageOf(error),
        });
      }
    } finally {
      this.cut();
      this.#outbox.drop();
      this.#log.debug("disconnect", { client: this.client.number, why });
    }
  }

  /** Takes no more requests; what was taken is executed and answered, then the connection closes. */
  end(): void {
    this.#isEnding = true;
    if (this.#state === "reading") this.cut();
  }

  /** Closes the connection at once, whatever waits. */
  cut(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#connection.close();
  }

  get out(): ByteChunks {
    return this.#outbox.out;
  }

  next(): Request | Refusal | undefined {
    if (this.#isEndedByAnswer || this.#outbox.isFull) {
      this.#hasMore = !this.#isEndedByAnswer;
      return undefined;
    }
    const framer = this.#framer;
    this.#hasMore = framer.next();
    if (!this.#hasMore) return undefined;
    const { problem } = framer;
    return problem === undefined
      ? decodeRequest(framer.bytes, framer.start, framer.end)
      : refusedLine(problem, this.#limits.maxRequestBytes);
  }

  answered({ closes }: Answer): void {
    if (closes) this.#isEndedByAnswer = this.#isEnding = true;
  }

  async #serve(): Promise<void> {
    let buffer = new Uint8Array(READ_BUFFER_BYTES.first);
    let smallReads = 0;
    while (!this.#isEnding) {
      this.#state = "reading";
      const count = await this.#connection.read(buffer);
      if (count === null || this.#isClosed()) return;
      this.#state = "working";
      this.#framer.push(buffer, count);
      do {
        this.#isExecuting = true;
        const executed = this.#submit(this);
        if (executed !== undefined) await executed;
        this.#isExecuting = false;
        for (let bytes = this.#outbox.next(); bytes !== undefined; bytes = this.#outbox.next()) {
          this.#outbox.wrote(await this.#connection.write(bytes));
        }
      } while (this.#hasMore);
      if (this.#isEndedByAnswer) await this.#connection.linger();
      smallReads = count < buffer.length / 16 ? smallReads + 1 : 0;
      const bytes = bufferBytes(buffer.length, count, smallReads);
      if (bytes !== buffer.length) buffer = new Uint8Array(bytes);
    }
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}

/** Grows the buffer when a read filled it, and gives it back when reads are small again. */
function bufferBytes(bytes: number, lastRead: number, smallReads: number): number {
  const { first, largest } = READ_BUFFER_BYTES;
  if (lastRead === bytes && bytes < largest) return bytes * 4;
  // Not after a single one: a request a little larger than the buffer comes in a large part and a small one.
  return smallReads >= SMALL_READS ? first : bytes;
}
