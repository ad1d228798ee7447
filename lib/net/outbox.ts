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
  #lines: string[] = [];
  #waitingChars = 0;

  /** @param maxWaiting characters that may wait before it counts as full */
  constructor(sink: ByteSink, maxWaiting: number) {
    this.#sink = sink;
    this.#maxWaiting = maxWaiting;
  }

  /** Whether nothing more should be put in before the next `flush`. */
  get isFull(): boolean {
    return this.#waitingChars >= this.#maxWaiting;
  }

  /** Puts a line behind those that wait, and gives its number among them. */
  put(line: string): number {
    this.#waitingChars += line.length;
    return this.#lines.push(line) - 1;
  }

  /** Puts another line in the place of one that waits. */
  replace(number: number, line: string): void {
    this.#waitingChars += line.length - (this.#lines[number]?.length ?? 0);
    this.#lines[number] = line;
  }

  /**
   * Writes all that waits. One flush at a time.
   *
   * @throws what the sink throws: the client is gone
   */
  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = this.#lines.length === 1 ? this.#lines[0] ?? "" : this.#lines.join("");
    this.#lines = [];
    this.#waitingChars = 0;
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
