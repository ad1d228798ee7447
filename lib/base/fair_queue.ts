/**
 * A queue with two lanes. The quick lane comes first, because its items take so little time that the
 * others do not notice. A slow item comes at least after every `QUICK_PER_SLOW` quick items,
 * so no item waits forever.
 */
import { Fifo } from "./fifo.ts";
import { QUICK_PER_SLOW } from "./limits.ts";

/** First in, first out, in each lane. */
export class FairQueue<T> {
  readonly #quick = new Fifo<T>();
  readonly #slow = new Fifo<T>();
  /** Quick items that were taken while a slow one waited. */
  #overtakes = 0;

  /** Number of items. */
  get length(): number {
    return this.#quick.length + this.#slow.length;
  }

  /** Adds an item at the end of its lane. */
  add(item: T, isQuick: boolean): void {
    (isQuick ? this.#quick : this.#slow).push(item);
  }

  /** Takes the next item; undefined if the queue is empty. */
  take(): T | undefined {
    const isSlowDue = this.#slow.length > 0 && this.#overtakes >= QUICK_PER_SLOW;
    if (this.#quick.length > 0 && !isSlowDue) {
      if (this.#slow.length > 0) this.#overtakes++;
      return this.#quick.shift();
    }
    this.#overtakes = 0;
    return this.#slow.shift();
  }
}
