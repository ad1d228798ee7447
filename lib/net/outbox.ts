/**
 * The only writer of a connection (I7): replies leave in the order in which they were put in (I1).
 *
 * It holds what one round of requests has produced and writes that at once. When it is full, the
 * session takes no further request of this client (I5). Text becomes bytes piece by piece, in
 * buffers that all outboxes share: a large reply is never in memory twice.
 */

import { MAX_KEPT_BUFFERS } from "../base/limits.ts";

/** What an outbox writes to. */
export interface ByteSink {
  /** Writes some of the bytes, at least one, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Size of a buffer, in bytes: the most that is encoded and written at once. */
const BUFFER_BYTES = 64 * 1024;

const encoder = new TextEncoder();
const keptBuffers: Uint8Array<ArrayBuffer>[] = [];

/** Collects reply lines and writes them. */
export class Outbox {
  readonly #sink: ByteSink;
  readonly #maxWaiting: number;
  #waiting = "";

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
    const text = this.#waiting;
    if (text === "") return;
    this.#waiting = "";
    const buffer = keptBuffers.pop() ?? new Uint8Array(BUFFER_BYTES);
    try {
      for (let at = 0; at < text.length;) {
        const { read, written } = encoder.encodeInto(at === 0 ? text : text.slice(at), buffer);
        at += read;
        await this.#writeAll(buffer.subarray(0, written));
      }
    } finally {
      if (keptBuffers.length < MAX_KEPT_BUFFERS) keptBuffers.push(buffer);
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (;;) {
      const count = await this.#sink.write(bytes);
      if (count === bytes.length) return;
      bytes = bytes.subarray(count);
    }
  }
}
