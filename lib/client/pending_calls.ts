/**
 * The calls of a client that have no reply yet, in their order: first those in flight, then the unsent
 * ones. A reply belongs to the first call in flight.
 */
import { Fifo } from "../base/fifo.ts";
import type { SuccessReply } from "../protocol/decode_reply.ts";
import type { Failure } from "../protocol/message.ts";
import type { RetryPolicy } from "./retry.ts";

/** Takes the place of a reply that was expected, and was not decoded. */
export const EXPECTED_REPLY: SuccessReply = { result: "" };

/**
 * A call that waits for its reply. Either `onReply` or `onError` is called, once; then the object can
 * be sent again.
 */
export interface Call {
  /** The request, with its LF; it must not change before the end of the call. */
  readonly line: string | Uint8Array;
  readonly retry: RetryPolicy;
  /** Time of the call by `performance.now()`, in milliseconds. */
  readonly startedMs: number;
  /** Whether a line, without its LF, is the expected reply: then it is not decoded (default: no). */
  isExpected?(bytes: Uint8Array, start: number, end: number): boolean;
  /** Receives the reply, or `EXPECTED_REPLY`. It may send further calls, and throws nothing. */
  onReply(reply: SuccessReply | Failure): void;
  /** Receives the reason why there is no reply, in a microtask. */
  onError(error: unknown): void;
  /** Whether a connection took it: the server may have executed it. */
  wasSent: boolean;
  /** Whether an earlier connection took it, too: the server may have executed it before. */
  wasSentBefore: boolean;
  /** Number of reads that had brought replies to the client when the call was sent last. */
  readsBefore: number;
}

/** A queue of calls. */
export class PendingCalls {
  #calls = new Fifo<Call>();
  #unsent = 0;
  /**
   * Number of expired calls in flight. Their replies come before all others and are dropped. The calls
   * are not stored, because a server may be too slow for its clients for hours.
   */
  #expired = 0;

  get length(): number {
    return this.#calls.length;
  }

  get hasUnsent(): boolean {
    return this.#unsent > 0;
  }

  /** The first call; its limit is the first to pass. */
  get oldest(): Call | undefined {
    return this.#calls.at(0);
  }

  [Symbol.iterator](): Generator<Call> {
    return this.#calls[Symbol.iterator]();
  }

  /** Adds a call at the end. @param isInFlight possible only without unsent calls */
  add(call: Call, isInFlight: boolean): void {
    this.#calls.push(call);
    if (!isInFlight) this.#unsent++;
  }

  /** Moves the first unsent call to those in flight. */
  takeUnsent(): Call | undefined {
    if (this.#unsent === 0) return undefined;
    const call = this.#calls.at(this.#calls.length - this.#unsent--);
    if (call) call.wasSent = true;
    return call;
  }

  /** The call of the next reply; undefined: there is none, or it has expired. */
  get nextReplied(): Call | undefined {
    return this.#expired === 0 && this.#unsent < this.#calls.length ? this.#calls.at(0) : undefined;
  }

  /** Removes the call of the next reply; "expired" if that call has ended. */
  takeReplied(): Call | "expired" | undefined {
    if (this.#expired > 0) {
      this.#expired--;
      return "expired";
    }
    return this.#unsent < this.#calls.length ? this.#calls.shift() : undefined;
  }

  /** Removes the first call. If it is in flight, its reply will be dropped. */
  expireOldest(): Call | undefined {
    if (this.#unsent < this.#calls.length) this.#expired++;
    else if (this.#unsent > 0) this.#unsent--;
    return this.#calls.shift();
  }

  /** Makes all calls unsent: their connection is lost, and no reply comes. */
  unsendAll(): void {
    this.#expired = 0;
    this.#unsent = this.#calls.length;
  }

  /** Removes all calls. */
  takeAll(): Call[] {
    const calls = [...this.#calls];
    this.#calls = new Fifo();
    this.#unsent = 0;
    return calls;
  }
}
