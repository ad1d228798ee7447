/**
 * The output to stdout and stderr. Each call is one write, so that the lines of one call stay together
 * when several processes write to one terminal or file. A pipe may be in non-blocking mode: a write to
 * a full pipe then takes only a part of the bytes. The rest is written, in order, once the pipe has room.
 */
import { fstatSync } from "node:fs";
import { sleep } from "../base/clock.ts";
import { EXIT, ExitError, messageOf } from "../base/errors.ts";
import { plainLine, plainLines } from "../base/quote.ts";
import { readColumns } from "./terminal.ts";
import { wrap } from "../base/wrap.ts";

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

/** Erases the line of the cursor from there on. */
const ERASE = "\x1b[K";

/**
 * Writes a block of lines to the terminal of stdout, below what is there.
 *
 * @param isForeground whether only this process uses the terminal; otherwise the line of the cursor may
 *   have the text of another one, such as its bar or the prompt of the shell
 * @param isSmart whether the terminal can erase
 */
export function printBlock(lines: string, isForeground: boolean, isSmart: boolean): void {
  const start = `${isSmart ? ERASE : ""}${isForeground ? "" : "\n"}`;
  stdout.write(start + plainLines(lines));
}

/** Draws a line on the terminal of stderr in place of the last one; empty: erases it. */
export function drawLine(line: string): void {
  // The cursor stays at the start of the line, so that other output replaces it.
  const bytes = encoder.encode(`\r${plainLine(line)}${ERASE}\r`);
  try {
    Deno.stderr.writeSync(bytes);
  } catch {
    // The terminal is closed, or does not take the line now: the next drawing may succeed.
  }
}

/** Writes sentences to stderr, each on a line, with control characters escaped. */
export function printError(sentences: string): void {
  const lines = plainLines(sentences);
  console.error(Deno.stderr.isTerminal() ? wrap(lines, readColumns(), "  ") : lines);
}

/** Whether stdout and stderr are the same file or pipe, as with `2>&1`. */
export function isOneOutput(): boolean {
  try {
    const [out, error] = [fstatSync(1), fstatSync(2)];
    return out.dev === error.dev && out.ino === error.ino;
  } catch {
    return false; // one of them is closed
  }
}

/** Waits until the reader of stdout has taken all bytes. @throws {ExitError} if it cannot be written */
export async function flushStdout(): Promise<void> {
  await stdout.flush();
}
