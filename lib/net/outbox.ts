/**
 * The only writer of a connection (I7): replies leave in the order in which they were put in (I1).
 *
 * It holds what one round of requests has produced and writes that at once. When it is full, the
 * session takes no further request of this client (I5).
 */
import { ByteChunks } from "../base/byte_chunks.ts";

/** What an outbox writes to. */
export interface ByteSink {
  /** Writes some of the bytes, at least one, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Collects replies and writes them. */
export class Outbox {
  readonly #sink: ByteSink;
  readonly #maxWaitingBytes: number;
  #out = new ByteChunks();

  /** @param maxWaitingBytes that may wait before it counts as full */
  constructor(sink: ByteSink, maxWaitingBytes: number) {
    this.#sink = sink;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Takes the replies of one round; another one after each flush. */
  get out(): ByteChunks {
    return this.#out;
  }

  /** Whether nothing more should be put in before the next `flush`. */
  get isFull(): boolean {
    return this.#out.length >= this.#maxWaitingBytes;
  }

  /** Gives up what waits. */
  drop(): void {
    this.#out.clear();
  }

  /**
   * Writes all that waits. One flush at a time.
   *
   * @throws what the sink throws: the client is gone
   */
  async flush(): Promise<void> {
    const out = this.#out;
    if (out.length === 0) return;
    this.#out = new ByteChunks();
    try {
      for (let view of out.views()) {
        for (;;) {
          const count = await this.#sink.write(view);
          if (count === view.length) break;
          view = view.subarray(count);
        }
      }
    } finally {
      out.clear();
    }
  }
}
