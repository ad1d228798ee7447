/**
 * Import and export of whole tables as JSON lines, one pair `["key",value]` each, in no order.
 * Values keep their text.
 */
import { EXIT, ExitError, messageOf } from "../../base/errors.ts";
import { skipWhite, stringAt, visitElements } from "../../json/scan.ts";
import { MAX_LINE_BYTES } from "../../base/limits.ts";
import { quoted } from "../../base/quote.ts";
import { textAt } from "../../bytes/span.ts";
import { HtError, ServerNotFoundError } from "../../client/errors.ts";
import type { HtClient } from "../../client/client.ts";
import { LineFramer } from "../../bytes/line_framer.ts";

const QUOTE = 34, LF = 10;

/** U+FEFF in UTF-8. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** Inserts in flight while importing. */
const IN_FLIGHT = 256;

/** Prints one line of the result; a promise resolves once the output has room for the next line. */
export type Print = (line: string) => void | Promise<void>;

/**
 * Prints every pair. It scans in parts, so the table may have any size.
 *
 * @throws {ExitError} if the server fails before the end; the message has the number of printed pairs
 */
export async function exportTable(client: HtClient, print: Print): Promise<void> {
  let pairs = 0;
  try {
    await printPairs(client.scanAll(""), (line) => {
      pairs++;
      return print(line);
    });
  } catch (error) {
    if (!(error instanceof HtError)) throw error;
    throw newExitError(`The export ended early, after ${pairs} pairs: ${messageOf(error)}`, error);
  }
}

/** Prints pairs, one per line. */
export async function printPairs(
  pairs: AsyncIterable<[string, string]> | Iterable<[string, string]>,
  print: Print,
): Promise<void> {
  for await (const [key, value] of pairs) {
    const wait = print(`[${JSON.stringify(key)},${value}]`);
    if (wait) await wait;
  }
}

/**
 * Inserts the pairs of a file.
 *
 * @param file its path, or `-` for stdin
 * @throws {ExitError} at the first line that is not a pair, or if an insert fails; the message has the
 *   number of inserted pairs
 */
export async function importTable(client: HtClient, file: string): Promise<void> {
  const input = await openInput(file);
  const framer = new LineFramer(MAX_LINE_BYTES);
  const inserts = new Inserts(client);
  let isFirst = true;
  let linesBefore = 0;
  const insertAll = async (chunk: Uint8Array) => {
    framer.push(chunk);
    while (framer.next()) {
      if (isFirst) skipByteOrderMark(framer);
      isFirst = false;
      if (framer.start === framer.end) continue;
      const pair = parsePair(framer);
      if (pair === undefined) {
        // A line that began in an earlier chunk is the first one that ends in this chunk.
        const inChunk = framer.bytes === chunk ? countLineEnds(chunk.subarray(0, framer.start)) : 0;
        throw notPairError(framer, file, linesBefore + inChunk + 1);
      }
      await inserts.add(pair);
    }
    linesBefore += countLineEnds(chunk);
  };
  try {
    for await (const chunk of readChunks(input, file)) await insertAll(chunk);
    await insertAll(Uint8Array.of(LF)); // ends a last line without LF
    await inserts.finish();
  } catch (error) {
    await inserts.settled();
    const after = inserts.count === 0
      ? "nothing of it is in the table"
      : `${formatPairs(inserts.count)} of it ${inserts.count === 1 ? "is" : "are"} in the table`;
    const unknown = inserts.unknown === 0 ? "" : `, and ${inserts.unknown} more may be`;
    const prefix = error instanceof ExitError ? "" : `Cannot import all of '${file}': `;
    throw newExitError(`${prefix}${messageOf(error)}; ${after}${unknown}`, error);
  } finally {
    framer.clear();
  }
  console.error(`${formatPairs(inserts.count)} inserted`);
}

function formatPairs(count: number): string {
  return `${count} pair${count === 1 ? "" : "s"}`;
}

/** Sends inserts, with at most `IN_FLIGHT` in flight. */
class Inserts {
  /** Number of acknowledged inserts. */
  count = 0;
  /** Number of failed inserts that the server may have executed. */
  unknown = 0;
  readonly #client: HtClient;
  readonly #inFlight = new Set<Promise<void>>();
  #failure: unknown;

  constructor(client: HtClient) {
    this.#client = client;
  }

  /** Sends an insert, and waits for room for the next. @throws {HtError} if an insert failed */
  async add([key, value]: [string, string]): Promise<void> {
    const insert = this.#insert(key, value).finally(() => this.#inFlight.delete(insert));
    this.#inFlight.add(insert);
    if (this.#inFlight.size >= IN_FLIGHT) await Promise.race(this.#inFlight);
    this.#throwFailure();
  }

  /** Waits for all inserts. @throws {HtError} if one failed */
  async finish(): Promise<void> {
    await this.settled();
    this.#throwFailure();
  }

  /** Waits until no insert is in flight; never rejects. */
  async settled(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  async #insert(key: string, value: string): Promise<void> {
    try {
      await this.#client.insertText(key, value);
      this.count++;
    } catch (error) {
      if (error instanceof HtError && error.maybeExecuted) this.unknown++;
      this.#failure ??= error;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Makes an error with another sentence, and with the exit code of its cause. */
function newExitError(message: string, cause: unknown): ExitError {
  if (cause instanceof ExitError) return new ExitError(message, cause.exitCode);
  const exitCode = cause instanceof ServerNotFoundError ? EXIT.notFound : EXIT.failed;
  return Object.assign(new ExitError(message, exitCode), { cause });
}

/** Skips the byte order mark (U+FEFF) that some editors write before a text. */
function skipByteOrderMark(line: LineFramer): void {
  const hasMark = BYTE_ORDER_MARK.every((byte, at) => line.bytes[line.start + at] === byte);
  if (hasMark && line.start + BYTE_ORDER_MARK.length <= line.end) {
    line.start += BYTE_ORDER_MARK.length;
  }
}

async function openInput(file: string): Promise<ReadableStream<Uint8Array>> {
  if (file === "-") return Deno.stdin.readable;
  try {
    return (await Deno.open(file)).readable;
  } catch (error) {
    throw new ExitError(`Cannot read '${file}': ${messageOf(error)}`);
  }
}

/** The chunks of a file. @throws {ExitError} if a read fails */
async function* readChunks(
  input: ReadableStream<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* input;
  } catch (error) {
    throw new ExitError(`Cannot read '${file}': ${messageOf(error)}`);
  }
}

/** Counts the lines that end in some bytes. */
function countLineEnds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}

/** Parses the framer's current line; undefined if it is not a pair. */
function parsePair(line: LineFramer): [string, string] | undefined {
  const { bytes, start, end, problem } = line;
  if (problem === undefined) {
    const offsets: number[] = [];
    const arrayEnd = visitElements(
      bytes,
      skipWhite(bytes, start, end),
      end,
      (partStart, partEnd) => void offsets.push(partStart, partEnd),
    );
    const isWhole = arrayEnd >= 0 && skipWhite(bytes, arrayEnd, end) === end;
    const [keyStart = 0, keyEnd = 0, valueStart = 0, valueEnd = 0] = offsets;
    if (isWhole && offsets.length === 4 && bytes[keyStart] === QUOTE) {
      return [stringAt(bytes, keyStart, keyEnd), textAt(bytes, valueStart, valueEnd)];
    }
  }
  return undefined;
}

function notPairError({ bytes, start, end, problem }: LineFramer, file: string, number: number) {
  return new ExitError(
    `Cannot import line ${number} of '${file}': each line must be ["key",value], not ${
      problem === undefined ? quoted(textAt(bytes, start, end)) : `one that is ${problem}`
    }`,
  );
}
