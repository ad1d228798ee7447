/** A first-in first-out queue: `shift` of an array would move all remaining elements. */

/** Empty places in front after which the remaining elements move up. */
const MAX_EMPTY = 1_024;

/** A first-in first-out queue. */
export class Fifo<T> {
  #elements: (T | undefined)[] = [];
  #first = 0;

  /** Number of elements. */
  get length(): number {
    return this.#elements.length - this.#first;
  }

  /** Adds an element at the end. */
  push(element: T): void {
    this.#elements.push(element);
  }

  /** The element with an index, counted from the first; undefined: the queue is shorter. */
  at(index: number): T | undefined {
    return this.#elements[this.#first + index];
  }

  /** All elements, from the first. */
  *[Symbol.iterator](): Generator<T> {
    for (const element of this.#elements.slice(this.#first)) yield element as T;
  }

  /** Removes the first element and returns it; undefined: the queue is empty. */
  shift(): T | undefined {
    const element = this.#elements[this.#first];
    if (this.length === 0) return undefined;
    this.#elements[this.#first++] = undefined;
    if (this.length === 0 || this.#first === MAX_EMPTY) {
      this.#elements.splice(0, this.#first);
      this.#first = 0;
    }
    return element;
  }
}
