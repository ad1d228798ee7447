/**
 * Whole tables as files: JSON lines, one pair `["key",value]` each, in no order.
 * Values keep their text.
 */
import { ExitError, messageOf } from "../base/errors.ts";
import { skipWhite, stringAt, visitElements } from "../base/json_scan.ts";
import { MAX_LINE_BYTES } from "../base/limits.ts";
import { quoted } from "../base/quoted.ts";
import { textAt } from "../base/span.ts";
import type { HtClient } from "../client/ht_client.ts";
import { LineFramer } from "../protocol/line_framer.ts";

const QUOTE = 34, LF = 10;

/** Inserts in flight while importing. */
const IN_FLIGHT = 256;

/** Takes one line of the result; a promise is waited for before the next one. */
export type Print = (line: string) => void | Promise<void>;

/** Writes every pair; a table of any size, since it comes in parts. */
export async function exportTable(client: HtClient, print: Print): Promise<void> {
  await printPairs(client.scanAll(""), print);
}

/** Prints pairs, one a line. */
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
 * @throws {ExitError} at the first line that is no pair; what came before it is inserted
 */
export async function importTable(client: HtClient, file: string): Promise<void> {
  const input = await openInput(file);
  const framer = new LineFramer(MAX_LINE_BYTES);
  const inFlight = new Set<Promise<void>>();
  let failure: unknown;
  let lines = 0;
  const insertAll = async () => {
    while (framer.next()) {
      const [key, value] = pairFrom(framer, file, ++lines);
      const insert: Promise<void> = client.insertText(key, value)
        .catch((error) => void (failure ??= error))
        .finally(() => inFlight.delete(insert));
      inFlight.add(insert);
      if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
      if (failure !== undefined) throw failure;
    }
  };
  try {
    for await (const chunk of readable(input, file)) {
      framer.push(chunk);
      await insertAll();
    }
    framer.push(Uint8Array.of(LF)); // the last line may lack its end
    await insertAll();
  } finally {
    await Promise.all(inFlight);
    framer.drop();
  }
  if (failure !== undefined) throw failure;
  console.error(`${lines} pairs inserted`);
}

async function openInput(file: string): Promise<ReadableStream<Uint8Array>> {
  if (file === "-") return Deno.stdin.readable;
  try {
    return (await Deno.open(file)).readable;
  } catch (error) {
    throw new ExitError(`Cannot read '${file}': ${messageOf(error)}`);
  }
}

/** The chunks of a file; what cannot be read is told in a sentence. */
async function* readable(
  input: ReadableStream<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* input;
  } catch (error) {
    throw new ExitError(`Cannot read '${file}': ${messageOf(error)}`);
  }
}

/** The pair in the line that the framer found. */
function pairFrom(line: LineFramer, file: string, number: number): [string, string] {
  const { bytes, start, end, problem } = line;
  if (problem === undefined) {
    const places: number[] = [];
    const arrayEnd = visitElements(
      bytes,
      skipWhite(bytes, start, end),
      end,
      (partStart, partEnd) => void places.push(partStart, partEnd),
    );
    const isWhole = arrayEnd >= 0 && skipWhite(bytes, arrayEnd, end) === end;
    const [keyStart = 0, keyEnd = 0, valueStart = 0, valueEnd = 0] = places;
    if (isWhole && places.length === 4 && bytes[keyStart] === QUOTE) {
      return [stringAt(bytes, keyStart, keyEnd), textAt(bytes, valueStart, valueEnd)];
    }
  }
  throw new ExitError(
    `Cannot import line ${number} of '${file}': each line must be ["key",value], not ${
      problem === undefined ? quoted(textAt(bytes, start, end)) : `one that is ${problem}`
    }`,
  );
}
