/**
 * The only writer of a connection (I7): replies leave in the order in which they were put in (I1).
 *
 * It holds what one round of requests has produced and writes that at once. When it is full, the
 * session takes no further request of this client (I5).
 */

/** What an outbox writes to. */
export interface ByteSink {
  /** Writes some of the bytes, at least one, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Size of the buffer that is kept for short replies; longer ones get one of their own. */
const KEPT_BYTES = 4_096;

const encoder = new TextEncoder();

/** Collects reply lines and writes them. */
export class Outbox {
  readonly #sink: ByteSink;
  readonly #maxWaiting: number;
  #waiting = "";
  #kept: Uint8Array<ArrayBuffer> | undefined;

  /** @param maxWaiting characters that may wait before it counts as full */
  constructor(sink: ByteSink, maxWaiting: number) {
    this.#sink = sink;
    this.#maxWaiting = maxWaiting;
  }

  /** Whether nothing more should be put in before the next `flush`. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#maxWaiting;
  }

  /** Puts a line behind those that wait. */
  put(line: string): void {
    this.#waiting += line;
  }

  /**
   * Writes all that waits. One flush at a time.
   *
   * @throws what the sink throws: the client is gone
   */
  async flush(): Promise<void> {
    if (this.#waiting === "") return;
    let bytes = this.#encoded();
    for (;;) {
      const written = await this.#sink.write(bytes);
      if (written === bytes.length) return;
      bytes = bytes.subarray(written);
    }
  }

  #encoded(): Uint8Array {
    const text = this.#waiting;
    this.#waiting = "";
    if (text.length * 3 > KEPT_BYTES) return encoder.encode(text);
    this.#kept ??= new Uint8Array(KEPT_BYTES);
    return this.#kept.subarray(0, encoder.encodeInto(text, this.#kept).written);
  }
}
