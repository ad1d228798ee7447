/**
 * A budget for the partial requests and waiting replies of all clients together (I5). Beyond it, the client
 * that holds the most bytes is disconnected. A client with short requests and replies never is that one.
 */

/** A connection whose bytes are counted. */
export interface BufferOwner {
  /** Closes the connection, which frees its buffers. */
  evict(): void;
}

/** Counts the bytes of all clients. */
export class BufferBudget {
  readonly #maxBytes: number;
  readonly #bytesOf = new Map<BufferOwner, number>();
  #bytes = 0;

  /** @param maxBytes limit for the bytes of all clients together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of all clients. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sets the bytes of one owner. If all exceed the limit, evicts the owners with the most bytes. */
  set(owner: BufferOwner, bytes: number): void {
    const before = this.#bytesOf.get(owner) ?? 0;
    if (bytes === before) return;
    this.#bytes += bytes - before;
    if (bytes === 0) this.#bytesOf.delete(owner);
    else this.#bytesOf.set(owner, bytes);
    if (bytes > before) { while (this.#bytes > this.#maxBytes) this.#evictLargest(); }
  }

  #evictLargest(): void {
    let largest: BufferOwner | undefined;
    let most = 0;
    for (const [owner, bytes] of this.#bytesOf) {
      if (bytes > most) {
        largest = owner;
        most = bytes;
      }
    }
    if (largest === undefined) return;
    this.set(largest, 0);
    largest.evict();
  }
}
