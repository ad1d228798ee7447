/**
 * A queue of lines for a reader that may be slow. Lines are written in the background, so the program
 * never waits for the reader; the queue is bounded (I5).
 */
import { settlesWithin } from "./clock.ts";

/** A destination of bytes. */
interface LineSink {
  write(bytes: Uint8Array): Promise<number>;
}

const encoder = new TextEncoder();

/** The queue of lines for one sink. */
export class LineQueue {
  readonly #sink: LineSink;
  readonly #maxChars: number;
  #waiting = "";
  #dropped = 0;
  #writing: Promise<void> | undefined;

  /** @param maxChars maximum length of the queue; further lines are dropped, and one line counts them */
  constructor(sink: LineSink, maxChars: number) {
    this.#sink = sink;
    this.#maxChars = maxChars;
  }

  /** Adds a line with its LF. */
  put(line: string): void {
    if (this.#waiting.length + line.length > this.#maxChars) {
      this.#dropped++;
      return;
    }
    this.#waiting += line;
    this.#writing ??= this.#write().finally(() => this.#writing = undefined);
  }

  /** Waits until all lines are written, at most for a time in milliseconds. */
  async flush(ms: number): Promise<void> {
    if (this.#writing) await settlesWithin(this.#writing, ms);
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting !== "") {
        let bytes = encoder.encode(this.#waiting);
        this.#waiting = "";
        while (bytes.length > 0) bytes = bytes.subarray(await this.#sink.write(bytes));
        if (this.#dropped > 0) {
          this.#waiting = `... ${this.#dropped} lines were dropped: the reader was too slow\n` +
            this.#waiting;
          this.#dropped = 0;
        }
      }
    } catch {
      this.#waiting = ""; // The reader has ended. A server continues without its log.
    }
  }
}
