/**
 * What half-sent requests and waiting replies of all clients take together (I5).
 *
 * Beyond the limit, the client that holds the most is disconnected: one that asks for little never does.
 */

/** Somebody whose bytes are counted. */
export interface BufferOwner {
  /** Lets go of everything, as soon as the connection can be closed. */
  evict(): void;
}

/** Counts the bytes of all clients. */
export class BufferBudget {
  readonly #maxBytes: number;
  readonly #held = new Map<BufferOwner, number>();
  #bytes = 0;

  /** @param maxBytes that all of them may hold together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Says how much a holder holds now; where that is too much in all, the one with the most is evicted. */
  set(holder: BufferOwner, bytes: number): void {
    const before = this.#held.get(holder) ?? 0;
    if (bytes === before) return;
    this.#bytes += bytes - before;
    if (bytes === 0) this.#held.delete(holder);
    else this.#held.set(holder, bytes);
    if (bytes > before) { while (this.#bytes > this.#maxBytes) this.#evictLargest(); }
  }

  #evictLargest(): void {
    let largest: BufferOwner | undefined;
    let most = 0;
    for (const [holder, bytes] of this.#held) {
      if (bytes > most) {
        largest = holder;
        most = bytes;
      }
    }
    if (largest === undefined) return;
    this.set(largest, 0);
    largest.evict();
  }
}
