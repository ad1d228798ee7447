/**
 * Those who wait for their turn, in two lines: who asked for little the last time comes first, since to
 * serve it takes no time that the others would notice. Who asked for much, or is new, comes at least
 * after every `QUICK_PER_SLOW` of them, so that nobody waits for ever.
 */
import { Fifo } from "../base/fifo.ts";
import { QUICK_PER_SLOW } from "../base/limits.ts";

/** First in, first out, in each of the two lines. */
export class FairQueue<T> {
  readonly #quick = new Fifo<T>();
  readonly #slow = new Fifo<T>();
  /** Quick ones that were taken while a slow one waited. */
  #overtakes = 0;

  /** How many there are. */
  get length(): number {
    return this.#quick.length + this.#slow.length;
  }

  /** Lets one stand in line, at its end. */
  add(one: T, isQuick: boolean): void {
    (isQuick ? this.#quick : this.#slow).push(one);
  }

  /** Takes the next one; undefined where there is nobody. */
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
