/**
 * The output to stdout and stderr. A pipe may be in non-blocking mode: a write to a full pipe then takes
 * only a part of the bytes. The rest is written, in order, once the pipe has room.
 */
import { sleep } from "../base/clock.ts";
import { EXIT, ExitError, messageOf } from "../base/errors.ts";
import { plainLines } from "../base/quote.ts";

/** Pauses before a full pipe is tried again, in milliseconds: each is twice the last, up to a bound. */
const PAUSE_MS = { first: 1, longest: 100 } as const;

const encoder = new TextEncoder();

/** A destination of bytes: stdout, or the fake of a test. */
interface SyncSink {
  /** Writes a part of the bytes, at least one. @returns the number of written bytes */
  writeSync(bytes: Uint8Array): number;
}

/** Writes lines to a sink that may take only a part of the bytes. */
export class LineWriter {
  readonly #sink: SyncSink;
  /** Bytes that the sink has not taken yet, in order. */
  #waiting: Uint8Array[] = [];
  #draining: Promise<void> | undefined;
  #failure: unknown;

  constructor(sink: SyncSink) {
    this.#sink = sink;
  }

  /**
   * Writes a line; bytes that the sink does not take now are written later.
   *
   * @param line without its LF
   * @throws the error of the sink, unless it would block
   */
  write(line: string): void {
    if (this.#failure !== undefined) throw this.#failure;
    const bytes = encoder.encode(`${line}\n`);
    const rest = this.#draining ? bytes : this.#writeNow(bytes);
    if (rest.length === 0) return;
    this.#waiting.push(rest);
    this.#draining ??= this.#drain();
  }

  /**
   * Waits until the sink has taken all bytes.
   *
   * @returns undefined if the sink has taken all bytes
   * @throws an earlier error of the sink
   */
  flush(): Promise<void> | undefined {
    if (this.#draining) return this.#draining.then(() => this.#throwFailure());
    this.#throwFailure();
    return undefined;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** @returns the bytes that the sink did not take, because it would block */
  #writeNow(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(this.#sink.writeSync(rest));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    }
    return rest;
  }

  /** Writes the waiting bytes, after a pause. */
  async #drain(): Promise<void> {
    let pauseMs: number = PAUSE_MS.first;
    await sleep(pauseMs);
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        const rest = this.#writeNow(first);
        if (rest.length === 0) {
          this.#waiting.shift();
          continue;
        }
        pauseMs = rest.length < first.length
          ? PAUSE_MS.first
          : Math.min(2 * pauseMs, PAUSE_MS.longest);
        this.#waiting[0] = rest;
        await sleep(pauseMs);
      }
    } catch (error) {
      this.#waiting = [];
      this.#failure = error;
    }
    // Cleared before the promise resolves, because the next line would otherwise wait for a drain that
    // has ended.
    this.#draining = undefined;
  }
}

/** Whether control characters must be escaped; files and pipes get the bytes unchanged. */
const isTerminal = Deno.stdout.isTerminal();

const stdout = new LineWriter({
  writeSync(bytes) {
    try {
      return Deno.stdout.writeSync(bytes);
    } catch (error) {
      // The reader has ended, as in `| head -1`: the program has no more work.
      if (error instanceof Deno.errors.BrokenPipe) Deno.exit(EXIT.ok);
      if (error instanceof Deno.errors.WouldBlock) throw error;
      throw new ExitError(`Cannot write to stdout: ${messageOf(error)}`);
    }
  },
});

/**
 * Writes a line to stdout. If its reader has ended, the program ends. `flushStdout` waits for a slow
 * reader.
 *
 * @throws {ExitError} if it cannot be written
 */
export function printLine(line: string): void {
  stdout.write(isTerminal ? plainLines(line) : line);
}

/**
 * Writes a line as `printLine` does, and waits for a slow reader: for output of any size.
 *
 * @returns undefined if stdout has taken all bytes
 * @throws {ExitError} if it cannot be written
 */
export function printAndWait(line: string): Promise<void> | undefined {
  printLine(line);
  return stdout.flush();
}

/** Writes a sentence to stderr, with control characters escaped. */
export function printError(sentence: string): void {
  console.error(plainLines(sentence));
}

/** Waits until the reader of stdout has taken all bytes. @throws {ExitError} if it cannot be written */
export async function flushStdout(): Promise<void> {
  await stdout.flush();
}
