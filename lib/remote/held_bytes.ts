/** A bound for the bytes of all clients that wait in this process, such as replies before their turn (I5). */
export class HeldBytes {
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes most bytes of all clients together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts more bytes. @returns false if there is no room for them */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Counts them no longer. */
  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
