/**
 * Whole tables as files: JSON lines, one pair `["key",value]` each, in no order.
 * Values keep their text.
 */
import { ExitError, messageOf } from "../base/errors.ts";
import { skipWhite, stringAt, visitElements } from "../base/json_scan.ts";
import { MAX_LINE_BYTES } from "../base/limits.ts";
import { quoted } from "../base/quoted.ts";
import type { HtClient } from "../client/ht_client.ts";
import { type Line, LineFramer } from "../protocol/line_framer.ts";

/** Inserts in flight while importing. */
const IN_FLIGHT = 256;

/** Takes one line of the result. */
export type Print = (line: string) => void;

/** Writes every pair; a table of any size, since it comes in parts. */
export async function exportTable(client: HtClient, print: Print): Promise<void> {
  for await (const [key, value] of client.scanAll("")) print(`[${JSON.stringify(key)},${value}]`);
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
    for (let line = framer.next(); line !== undefined; line = framer.next()) {
      const [key, value] = pairFrom(line, file, ++lines);
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
    framer.push(new Uint8Array([10])); // the last line may lack its end
    await insertAll();
  } finally {
    await Promise.all(inFlight);
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

function pairFrom(line: Line, file: string, number: number): [string, string] {
  const parts: string[] = [];
  if (typeof line === "string") {
    const end = visitElements(line, skipWhite(line, 0), (start, partEnd) => {
      parts.push(
        parts.length === 0 && line.charAt(start) === '"'
          ? stringAt(line, start, partEnd)
          : line.slice(start, partEnd),
      );
      if (parts.length === 1 && line.charAt(start) !== '"') parts.length = 3; // a key is a string
    });
    const [key, value] = parts;
    const isWhole = end >= 0 && skipWhite(line, end) === line.length;
    if (isWhole && parts.length === 2 && key !== undefined && value !== undefined) {
      return [key, value];
    }
  }
  throw new ExitError(
    `Cannot import line ${number} of '${file}': each line must be ["key",value], not ${
      typeof line === "string" ? quoted(line) : `one that is ${line.problem}`
    }`,
  );
}
