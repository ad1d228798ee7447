/** First in, first out; an array's own `shift` moves all that is behind. */

/** How many places in front may be empty before the rest moves up. */
const EMPTY_PLACES = 1_024;

/** A queue. */
export class Fifo<T> {
  #all: (T | undefined)[] = [];
  #first = 0;

  /** How many there are. */
  get length(): number {
    return this.#all.length - this.#first;
  }

  /** Adds one at the end. */
  push(one: T): void {
    this.#all.push(one);
  }

  /** One of them, counted from the first; undefined if there are not as many. */
  at(index: number): T | undefined {
    return this.#all[this.#first + index];
  }

  /** All of them, from the first. */
  *[Symbol.iterator](): Generator<T> {
    for (const one of this.#all.slice(this.#first)) yield one as T;
  }

  /** Takes the first one; undefined where there is none. */
  shift(): T | undefined {
    const one = this.#all[this.#first];
    if (this.length === 0) return undefined;
    this.#all[this.#first++] = undefined;
    if (this.length === 0 || this.#first === EMPTY_PLACES) {
      this.#all.splice(0, this.#first);
      this.#first = 0;
    }
    return one;
  }
}
