/**
 * The size of the values that a client looks up, by the size of earlier ones. A client with large values
 * has few lookups in flight: values that come before their turn are dropped, and would load the nodes and
 * the network for nothing. 20 clients with 64 lookups of 8 MB each kept others waiting for 6 s.
 */

/** The share that is left of a large size after each smaller value. */
const DECAY = 0.9;

/** Follows the largest of the last values. */
export class ExpectedValue {
  /** Size of the next value, in bytes, most likely at most. */
  bytes: number;

  /** @param bytes size of the first value, in bytes */
  constructor(bytes: number = 0) {
    this.bytes = bytes;
  }

  /** Takes the size of a value, in bytes. */
  add(bytes: number): void {
    this.bytes = Math.max(bytes, this.bytes * DECAY);
  }
}
