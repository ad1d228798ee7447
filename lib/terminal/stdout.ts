/**
 * Results on stdout, in order. A reader may be slow, and the pipe to it may be one that does not
 * block: then a write takes a part or nothing, and the rest is written once there is room.
 */
import { sleep } from "../base/clock.ts";
import { EXIT, ExitError, messageOf } from "../base/errors.ts";
import { plainLines } from "../base/quote.ts";

/** Pauses before a full pipe is tried again, in milliseconds: they double up to the longest. */
const PAUSE_MS = { first: 1, longest: 100 } as const;

const encoder = new TextEncoder();

/** Where bytes go: stdout, or what a test puts in its place. */
export interface SyncSink {
  /** Writes a part of the bytes, at least one. @returns how many */
  writeSync(bytes: Uint8Array): number;
}

/** Writes lines to a sink that may be slow and may not block. */
export class LineWriter {
  readonly #sink: SyncSink;
  /** What the sink did not take yet, in order. */
  #waiting: Uint8Array[] = [];
  #draining: Promise<void> | undefined;
  #failure: unknown;

  constructor(sink: SyncSink) {
    this.#sink = sink;
  }

  /**
   * Writes a line; what the sink does not take now follows on its own.
   *
   * @param line without its LF
   * @throws whatever the sink throws, except that it would block
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
   * Waits until the sink has taken everything, however long that takes.
   *
   * @returns undefined if there is nothing to wait for
   * @throws whatever the sink threw meanwhile
   */
  flush(): Promise<void> | undefined {
    if (this.#draining) return this.#draining.then(() => this.#throwFailure());
    this.#throwFailure();
    return undefined;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** @returns what the sink did not take, because it would block */
  #writeNow(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(this.#sink.writeSync(rest));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    }
    return rest;
  }

  /** Writes what waits, from the next pause on. */
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
    // At once: a line that came before it was noticed would wait for a drain that is over.
    this.#draining = undefined;
  }
}

/** Whether what is printed must not act; elsewhere bytes stay as they are. */
const isTerminal = Deno.stdout.isTerminal();

const stdout = new LineWriter({
  writeSync(bytes) {
    try {
      return Deno.stdout.writeSync(bytes);
    } catch (error) {
      // The reader has gone, as in `| head -1`: the program has nothing more to do.
      if (error instanceof Deno.errors.BrokenPipe) Deno.exit(EXIT.ok);
      if (error instanceof Deno.errors.WouldBlock) throw error;
      throw new ExitError(`Cannot write to stdout: ${messageOf(error)}`);
    }
  },
});

/**
 * Writes a line to stdout. If its reader has gone, the program ends. `flushStdout` waits for what a
 * slow reader has not taken.
 *
 * @throws {ExitError} if it cannot be written
 */
export function printLine(line: string): void {
  stdout.write(isTerminal ? plainLines(line) : line);
}

/**
 * As `printLine`, and waits for a slow reader: for output of any size.
 *
 * @returns undefined if there is nothing to wait for
 * @throws {ExitError} if it cannot be written
 */
export function printAndWait(line: string): Promise<void> | undefined {
  printLine(line);
  return stdout.flush();
}

/** Writes a sentence to stderr; what others wrote may be in it. */
export function printError(sentence: string): void {
  console.error(plainLines(sentence));
}

/** Waits until the reader of stdout has taken everything. @throws {ExitError} if it cannot be written */
export async function flushStdout(): Promise<void> {
  await stdout.flush();
}
