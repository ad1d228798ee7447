/**
 * Lines on their way to a slow reader: written one after another in the background, so that nobody
 * waits for the reader; bounded, so that it costs at most so much memory (I5).
 */
import { settlesWithin } from "./clock.ts";

/** Where bytes go. */
export interface LineSink {
  write(bytes: Uint8Array): Promise<number>;
}

const encoder = new TextEncoder();

/** Lines that wait for a sink. */
export class LineQueue {
  readonly #sink: LineSink;
  readonly #maxChars: number;
  #waiting = "";
  #dropped = 0;
  #writing: Promise<void> | undefined;

  /** @param maxChars that may wait; further lines are dropped, and counted in a line of their own */
  constructor(sink: LineSink, maxChars: number) {
    this.#sink = sink;
    this.#maxChars = maxChars;
  }

  /** Takes a line with its LF. */
  put(line: string): void {
    if (this.#waiting.length + line.length > this.#maxChars) {
      this.#dropped++;
      return;
    }
    this.#waiting += line;
    this.#writing ??= this.#write().finally(() => this.#writing = undefined);
  }

  /** Waits until all is written, but not for ever. */
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
          this.#waiting = `... ${this.#dropped} lines were dropped: they were not read in time\n` +
            this.#waiting;
          this.#dropped = 0;
        }
      }
    } catch {
      this.#waiting = ""; // nobody reads any more; a server must not end for that
    }
  }
}
