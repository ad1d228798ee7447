/**
 * One client's connection, from accept to close: reads, hands requests to the queue, writes.
 *
 * Read, then execute, then write, then read again: a read that waits while a write of the same
 * connection is pending was measured slower, and this way a client that does not take its replies
 * is not read from either (I5). What it holds meanwhile is counted by `buffer_budget.ts`.
 *
 * No timer is set for a connection: `expire` is called now and then, and looks at how long ago what
 * is waited for should have come.
 */
import { settlesWithin } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import {
  BULK_BYTES,
  LINGER_MS,
  READ_BUFFER_BYTES,
  SMALL_READS_TO_SHRINK,
  UNCOUNTED_BUFFER_BYTES,
} from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { RequestSource } from "../engine/command_queue.ts";
import type { Answer } from "../engine/executor.ts";
import type { Yielder } from "../runtime/yielding.ts";
import { ByteChunks } from "../bytes/byte_chunks.ts";
import { decodeRequest, isRejection, rejectLine } from "../protocol/decode_request.ts";
import { LineFramer } from "../protocol/line_framer.ts";
import { failureLine } from "../protocol/encode_reply.ts";
import type { Failure } from "../protocol/message.ts";
import type { Rejection, Request } from "../protocol/requests.ts";
import { type Client, type ClosingFailure, COMMANDS } from "../commands/command_table.ts";
import type { BufferBudget, BufferOwner } from "./buffer_budget.ts";
import { Handshake } from "./handshake.ts";

/** A connection, as far as a session needs one. */
export interface Socket {
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes, at least one, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Lets the peer read what was written last, for a bounded time; nothing is written after it. */
  linger(): Promise<void>;
  close(): void;
}

/** Takes a client's requests: the engine as the net sees it. */
export type Submit = (source: RequestSource) => Promise<void> | undefined;

/** Bounds of a session; see `limits.ts`. */
export interface ConnectionLimits {
  readonly maxRequestBytes: number;
  /** Of waiting replies: no more requests are executed. */
  readonly maxOutputBytes: number;
  /** Of waiting replies: the client is disconnected. */
  readonly maxOutputHardBytes: number;
  readonly maxInFlight: number;
  /** Infinity: however long. */
  readonly idleTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** Time as sessions see it: looked up now and then, since asking for it costs as much as a request. */
export interface CoarseClock {
  /** Milliseconds since some moment. */
  readonly nowMs: number;
}

/** Why a server ends a connection that the client would have kept. */
export type Ending =
  | "idle"
  | "slow request"
  | "slow reader"
  | "output"
  | "buffers"
  | "busy"
  | "not our protocol";

/** `reading`: waits for bytes; `writing`: waits until some are taken; `closed`: over. */
type State = "reading" | "executing" | "writing" | "closed";

/** What a session needs. */
export interface ConnectionOptions {
  readonly client: Client;
  readonly socket: Socket;
  readonly submit: Submit;
  readonly limits: ConnectionLimits;
  readonly buffers: BufferBudget;
  readonly clock: CoarseClock;
  readonly yielder: Yielder;
  readonly log: Log;
  /** What any request but hello and info is answered with (default: they are executed). */
  readonly busy?: ClosingFailure;
  /** Waits before the answer to a wrong token (default: not at all). */
  readonly delayRefusal?: () => Promise<unknown>;
  /** Told why the server ended the connection, where it did for that. */
  readonly onEnding?: (ending: Ending) => void;
}

/** Serves one connection. */
export class Connection implements RequestSource, BufferOwner {
  readonly client: Client;
  readonly out = new ByteChunks();
  isQuick = false;
  lineBytes = 0;
  readonly #options: ConnectionOptions;
  readonly #framer: LineFramer;
  readonly #handshake: Handshake;
  // Looked at for each request.
  readonly #maxOutputBytes: number;
  readonly #maxInFlight: number;
  readonly #busy: ClosingFailure | undefined;
  #state: State = "executing";
  /** Set when nothing more is to be taken from this client. */
  #isEnding = false;
  /** Set by a reply that closes: what the client sent behind it is not looked at. */
  #isEndedByAnswer = false;
  #isRefused = false;
  #hasMore = false;
  /** Requests that were executed and whose replies are not written. */
  #inFlight = 0;
  #hasAsked = false;
  /** Whether lines are checked: until the handshake is over, and always in the reserved place. */
  #isChecked = true;
  /** When it connected, when the last bytes came or went, when the line began whose end has not come. */
  readonly #connectedMs: number;
  #progressMs: number;
  #lineMs: number;
  /** Size of the read buffer, in bytes. */
  #bufferBytes: number = READ_BUFFER_BYTES.first;
  /** What `buffers` was told that this client holds, in bytes. */
  #counted = 0;
  #ending: Ending | undefined;
  #dismissal: Promise<void> | undefined;
  /** Whether the engine has this client: what fails then is not the connection. */
  #isExecuting = false;

  constructor(options: ConnectionOptions) {
    const { client, limits, clock } = options;
    this.client = client;
    this.#options = options;
    this.#framer = new LineFramer(limits.maxRequestBytes);
    this.#handshake = new Handshake(client, this.#framer, limits.maxRequestBytes);
    this.#maxOutputBytes = limits.maxOutputBytes;
    this.#maxInFlight = limits.maxInFlight;
    this.#busy = options.busy;
    this.#connectedMs = this.#progressMs = this.#lineMs = clock.nowMs;
  }

  /** Serves until either side ends the connection; never throws (I9). */
  async run(): Promise<void> {
    const { log, buffers } = this.#options;
    let why = "closed by the client";
    try {
      await this.#serve();
      if (this.#isEnding) why = "closed by the server";
    } catch (error) {
      // Reset, timed out, or cut off by `cut`: the same to the others, who notice nothing.
      why = this.#isEnding ? "closed by the server" : messageOf(error);
      if (this.#isExecuting && this.#ending === undefined) {
        log.error("unexpected failure, which is a bug to report", {
          client: this.client.number,
          why: messageOf(error),
        });
      }
    } finally {
      this.cut();
      this.out.clear();
      this.#framer.clear();
      buffers.set(this, 0);
      log.debug("disconnect", { client: this.client.number, why: this.#ending ?? why });
    }
  }

  /** When bytes came or went for the last time. */
  get lastActivityMs(): number {
    return this.#progressMs;
  }

  /** Whether there was a request. */
  get hasRequested(): boolean {
    return this.#hasAsked;
  }

  /** Ends the connection where its client has let too much time pass. */
  expire(): void {
    const { clock, limits: { idleTimeoutMs, requestTimeoutMs } } = this.#options;
    const waitedMs = clock.nowMs - this.#progressMs;
    if (this.#state === "writing") {
      if (waitedMs > requestTimeoutMs) this.#endFor("slow reader");
    } else if (this.#state === "reading") {
      const sinceMs = !this.client.isAuthenticated
        ? this.#connectedMs
        : this.#framer.hasPartialLine
        ? this.#lineMs
        : Infinity;
      if (clock.nowMs - sinceMs > requestTimeoutMs) this.#endFor("slow request");
      else if (waitedMs > idleTimeoutMs) this.#endFor("idle");
    }
  }

  /**
   * Says why there is no place for this client, and ends.
   *
   * @returns false, and nothing is done, in the middle of something
   */
  dismiss(failure: Failure): boolean {
    if (this.#state !== "reading") return false;
    this.#isEnding = true;
    this.#state = "writing";
    const writing = this.#options.socket.write(failureLine(failure));
    // It does not have to wait for the answer.
    this.#dismissal = settlesWithin(writing, LINGER_MS).then(() => {}, () => {}).then(() =>
      this.disconnectBusy()
    );
    return true;
  }

  /** Ends, in the middle of whatever it is. */
  disconnectBusy(): void {
    this.#endFor("busy");
  }

  evict(): void {
    this.#endFor("buffers");
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
    this.#options.socket.close();
  }

  next(): Request | Rejection | undefined {
    if (this.#isEnding && (this.#isEndedByAnswer || this.#ending !== undefined)) {
      this.#hasMore = false;
      return undefined;
    }
    if (this.out.length >= this.#maxOutputBytes || this.#inFlight >= this.#maxInFlight) {
      this.#hasMore = true;
      return undefined;
    }
    const framer = this.#framer;
    if (this.#isChecked) {
      const refusal = this.#handshake.beforeLine();
      if (refusal !== undefined) return this.#notOurs(refusal);
    }
    this.#hasMore = framer.next();
    if (!this.#hasMore) return undefined;
    this.#inFlight++;
    this.#hasAsked = true;
    this.lineBytes = framer.end - framer.start;
    const request = framer.problem === undefined
      ? decodeRequest(framer.bytes, framer.start, framer.end)
      : rejectLine(framer.problem, framer.maxLineBytes);
    return this.#isChecked ? this.#checkLine(request) : request;
  }

  answered({ closes, outcome }: Answer, waitingBytes: number): void {
    if (waitingBytes > UNCOUNTED_BUFFER_BYTES) this.#count(waitingBytes);
    if (closes) {
      this.#isEndedByAnswer = this.#isEnding = true;
      this.#isRefused = outcome === "AuthError";
    }
  }

  async #serve(): Promise<void> {
    const { socket, submit, delayRefusal, clock, yielder } = this.#options;
    let buffer = new Uint8Array(READ_BUFFER_BYTES.first);
    let smallReads = 0;
    while (!this.#isEnding) {
      this.#state = "reading";
      const count = await socket.read(buffer);
      if (this.#dismissal) return await this.#dismissal;
      if (count === null) return await yielder.yield(); // thousands may leave at once
      if (this.#isClosed()) return;
      this.#state = "executing";
      this.#progressMs = clock.nowMs;
      const { partialLines } = this.#framer;
      if (this.#isChecked) this.#handshake.checkBytes(buffer, count);
      this.#framer.push(buffer, count);
      let moved = count;
      do {
        this.#isExecuting = true;
        const executed = submit(this);
        if (executed !== undefined) await executed;
        this.#isExecuting = false;
        this.#framer.release();
        if (this.#isRefused && delayRefusal) await delayRefusal();
        if (this.#isClosed()) return;
        this.#state = "writing";
        for (let bytes = this.out.next(); bytes !== undefined; bytes = this.out.next()) {
          const written = await socket.write(bytes);
          this.out.consume(written);
          this.#progressMs = clock.nowMs;
          moved += written;
          if (moved >= BULK_BYTES) {
            moved = 0;
            const rest = yielder.yield();
            if (rest !== undefined) await rest;
          }
        }
        if (this.#isClosed()) return;
        this.#state = "executing";
        this.#inFlight = 0;
      } while (this.#hasMore);
      if (this.#framer.partialLines > partialLines) this.#lineMs = clock.nowMs;
      // Over TLS, what is written is not on its way before the sending side is closed.
      if (this.#isEnding) await socket.linger();
      smallReads = count < buffer.length / 16 ? smallReads + 1 : 0;
      const bytes = bufferBytes(buffer.length, count, smallReads);
      if (bytes !== buffer.length) buffer = new Uint8Array(bytes);
      this.#bufferBytes = bytes;
      this.#count(0);
      if (moved >= BULK_BYTES) {
        const rest = yielder.yield();
        if (rest !== undefined) await rest;
      }
    }
  }

  #checkLine(line: Request | Rejection): Request | Rejection {
    const request = this.#handshake.checkLine(line);
    if (isRejection(request) && "closes" in request.failure) return this.#notOurs(request);
    if (this.#busy !== undefined) return this.#forOwner(request, this.#busy);
    this.#isChecked = !this.#handshake.isOver;
    return request;
  }

  /** Counts a peer of another protocol; the refusal is its last reply. */
  #notOurs(refusal: Rejection): Rejection {
    this.#ending = "not our protocol";
    this.#options.onEnding?.(this.#ending);
    return refusal;
  }

  #forOwner(request: Request | Rejection, busy: ClosingFailure): Request | Rejection {
    const { id, method } = request;
    const isAllowed = method !== undefined && COMMANDS[method].reservedSlotAllowed;
    return isAllowed ? request : { id, method, failure: busy };
  }

  /** Says what this client holds; the buffers of one that asks for little are not worth it. */
  #count(waiting: number): void {
    if (this.#ending !== undefined) return;
    const { limits: { maxOutputHardBytes }, buffers } = this.#options;
    const all = this.#bufferBytes + this.#framer.bufferedBytes + waiting;
    const counted = all > UNCOUNTED_BUFFER_BYTES ? all : 0;
    if (waiting > maxOutputHardBytes) return this.#endFor("output");
    if (counted === this.#counted) return;
    this.#counted = counted;
    buffers.set(this, counted);
  }

  #endFor(ending: Ending): void {
    if (this.#isClosed()) return;
    if (this.#ending === undefined) this.#options.onEnding?.(ending); // a connection is counted once
    this.#ending ??= ending;
    this.#isEnding = true;
    this.#options.buffers.set(this, 0);
    this.cut();
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
  return smallReads >= SMALL_READS_TO_SHRINK ? first : bytes;
}
