/**
 * One client of the remote engine: pulls the requests of a connection, has some of them executed by the store
 * at the same time, and writes their replies in the order of the requests (I1).
 *
 * - Requests for keys are in flight together, at most `MAX_STORE_REQUESTS`. The store may execute them in
 *   any order, so two requests for one bucket are never in flight together. Any other request waits for
 *   the replies before it.
 * - A reply is written when all replies before it are written, and the client takes more replies. A result that
 *   arrives earlier is held, or executed again (`key_command.ts`).
 * - If the outcome of a request is unknown, it has no reply: the connection closes after the replies before it,
 *   and does not wait for the requests behind it.
 *
 * No request makes a promise, only a submit of requests does.
 */
import { Fifo } from "../base/fifo.ts";
import { MAX_EARLY_BYTES, MAX_STORE_REQUEST_BYTES, MAX_STORE_REQUESTS } from "../base/limits.ts";
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import type { RequestSource } from "../engine/engine.ts";
import type { Rejection, Request } from "../protocol/requests.ts";
import { BUCKETS } from "../store/bucket_keys.ts";
import type { CommandOwner, KeyCommand, KeyRequest } from "./key_command.ts";
import { replyTo } from "./key_reply.ts";
import { ExpectedValue } from "./expected_value.ts";
import type { RemoteParts } from "./remote_parts.ts";
import { executeAlone } from "./single_request.ts";

/** Serves the requests of one connection. */
export class RemoteClient implements CommandOwner {
  readonly out: ByteChunks;
  readonly #source: RequestSource;
  readonly #parts: RemoteParts;
  /** Requests in flight, and those whose replies wait for the ones before. */
  readonly #window = new Fifo<KeyCommand>();
  #windowBytes = 0;
  #heldBytes = 0;
  readonly #expected: ExpectedValue;
  /** The next request, if it was taken from the source and not started yet. */
  #next: Request | Rejection | undefined;
  /** Whether the source has no more requests in this submit. */
  #isExhausted = true;
  #isAdvancing = false;
  /** Whether it waits for something other than a request in the window. */
  #isWaiting = false;
  /** Whether no more replies are written. */
  #isGone = false;
  #error: unknown;
  /** The time of this advance, by `performance.now()`; 0: the clock was not read yet. */
  #nowMs = 0;
  #resolve: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  constructor(source: RequestSource, parts: RemoteParts) {
    this.#source = source;
    this.#parts = parts;
    this.out = source.out;
    this.#expected = new ExpectedValue(parts.expected.bytes);
  }

  /** Executes the requests of the source; see `Submit`. */
  submit(): Promise<void> | undefined {
    this.#isExhausted = false;
    this.#advance();
    if (!this.#isIdle()) {
      return new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
    }
    if (this.#error !== undefined) throw this.#error;
    return undefined;
  }

  get isGone(): boolean {
    return this.#isGone || this.#source.isClosed;
  }

  isTurnOf(command: KeyCommand): boolean {
    return this.#window.at(0) === command && !this.#isWaiting && !this.#isGone &&
      !this.#source.isFull;
  }

  hold(bytes: number): boolean {
    if (this.#isGone || this.#heldBytes + bytes > MAX_EARLY_BYTES.client) return false;
    if (!this.#parts.held.take(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  unhold(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#parts.held.give(bytes);
  }

  onEnded(command: KeyCommand): void {
    if (command.kind === "read") {
      this.#expected.add(command.valueBytes);
      this.#parts.expected.add(command.valueBytes);
    }
    if (this.#window.at(0) === command) this.#advance();
  }

  /** Writes the replies that are next in order, and starts requests, until it has to wait. */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    this.#nowMs = 0;
    try {
      while (!this.#isWaiting && (this.#reply() || this.#start()));
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isAdvancing = false;
    }
    if (this.#isGone) this.#dropEnded();
    if (this.#resolve !== undefined && this.#isIdle()) this.#settle();
  }

  #isIdle(): boolean {
    return this.#window.length === 0 && !this.#isWaiting &&
      (this.#isGone || this.#isExhausted && this.#next === undefined);
  }

  #settle(): void {
    const resolve = this.#resolve, reject = this.#reject;
    this.#resolve = this.#reject = undefined;
    if (this.#error === undefined) resolve?.();
    else reject?.(this.#error);
  }

  /** Ends the client: its requests in flight end without replies. */
  #fail(error: unknown): void {
    this.#isGone = true;
    this.#error ??= error;
  }

  #dropEnded(): void {
    this.#next = undefined;
    while (this.#window.at(0)?.isEnded) this.#removeFirst();
  }

  #removeFirst(): void {
    const command = this.#window.shift();
    if (command === undefined) return;
    this.#windowBytes -= command.bytes;
    this.#parts.commands.give(command);
  }

  /** Writes the next reply. @returns false if that has to wait */
  #reply(): boolean {
    const command = this.#window.at(0);
    if (command === undefined || !command.isEnded || this.#isGone) return false;
    if (this.#source.isClosed) {
      this.#isGone = true;
      return false;
    }
    if (command.outcome !== "written" && this.#source.isFull) return this.#flush();
    if (command.outcome === "again") {
      this.#parts.counters.repeats++;
      command.prepareAgain();
      this.#parts.store.execute(command);
      return true;
    }
    const outcome = replyTo(command, this.out, this.#parts);
    this.#record(command.request, outcome, command.startMs);
    if (outcome === "unknown outcome") {
      this.#source.client.closedBy = outcome;
      this.#isGone = true;
    }
    this.#removeFirst();
    if (this.#isGone && this.#window.length > 0) this.#waitFor(this.#source.flush(true));
    return true;
  }

  /** Starts the next request. @returns false if that has to wait, or if there is none */
  #start(): boolean {
    const window = this.#window;
    if (this.#isGone || window.length === MAX_STORE_REQUESTS) return false;
    const request = this.#next ??= this.#take();
    if (request === undefined) return false;
    if (window.length === 0 && this.#source.isFull) return this.#flush();
    const room = "key" in request ? this.#parts.reply.roomFor(request) : undefined;
    if ("key" in request && room !== undefined) {
      const { bytes, start, end } = request.key;
      const bucket = this.#parts.bucketHash.of(bytes, start, end) & (BUCKETS - 1);
      if (!this.#mayStart(bucket)) return false;
      this.#next = undefined;
      this.#execute(request, bucket, room);
      return true;
    }
    if (window.length > 0) return false;
    this.#next = undefined;
    const startMs = this.#now();
    const outcome = executeAlone(request, this.#source, this.#parts);
    if (typeof outcome === "string") {
      this.#record(request, outcome, startMs);
      const pause = this.#parts.yielder.yield();
      if (pause !== undefined) this.#waitFor(pause);
    } else {
      this.#waitFor(outcome.then((outcome) => {
        this.#nowMs = 0; // the time that is known is that of the start
        this.#record(request, outcome, startMs);
      }));
    }
    return true;
  }

  #take(): Request | Rejection | undefined {
    if (this.#isExhausted) return undefined;
    const request = this.#source.next();
    if (request === undefined) this.#isExhausted = true;
    return request;
  }

  /** Whether a request for a bucket may be in flight together with those that are. */
  #mayStart(bucket: number): boolean {
    const window = this.#window;
    if (this.#windowBytes > MAX_STORE_REQUEST_BYTES) return false;
    if (window.length * this.#expected.bytes > MAX_EARLY_BYTES.client) return false;
    for (let at = window.length - 1; at >= 0; at--) {
      const other = window.at(at);
      // One that will be executed again is in flight, too.
      if (other?.bucket === bucket && (!other.isEnded || other.outcome === "again")) return false;
    }
    return true;
  }

  #execute(request: KeyRequest, bucket: number, room: number): void {
    const { commands, counters, store } = this.#parts;
    const command = commands.take();
    command.prepare(this, request, bucket, room);
    command.startMs = this.#now();
    counters.ops[request.method]++;
    this.#window.push(command);
    this.#windowBytes += command.bytes;
    store.execute(command);
  }

  /** Sends the replies to the client. @returns false: the next reply has to wait */
  #flush(): false {
    this.#waitFor(this.#source.flush());
    return false;
  }

  #waitFor(work: Promise<unknown>): void {
    this.#isWaiting = true;
    const resume = () => {
      this.#isWaiting = false;
      this.#advance();
    };
    work.then(resume, (error) => {
      this.#fail(error);
      resume();
    });
  }

  #record(request: Request | Rejection | undefined, outcome: string, startMs: number): void {
    const { requestLog } = this.#parts;
    const nowMs = this.#now();
    if (request === undefined || !requestLog.takes(nowMs - startMs)) return;
    requestLog.record(this.#source.client.number, request, outcome, startMs, nowMs);
  }

  #now(): number {
    if (this.#nowMs === 0) this.#nowMs = performance.now();
    return this.#nowMs;
  }
}
