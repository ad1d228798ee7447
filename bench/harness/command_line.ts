/** The command lines of the benchmarks: `--help`, options, exit codes. */
import { parseArgs, type ParseArgsConfig, type ParseArgsOptionsConfig } from "node:util";
import { EXIT, ExitError, messageOf, UsageError } from "../../lib/base/errors.ts";

/**
 * Runs a program. An error becomes one line on stderr and an exit code.
 *
 * @param name of the program, for errors
 * @param help text for `--help`
 * @param run does the work, and returns false if the exit code must be 1
 */
export async function main(
  name: string,
  help: string,
  run: () => Promise<boolean | void>,
): Promise<void> {
  if (Deno.args.includes("--help")) {
    console.log(help);
    return;
  }
  try {
    if (await run() === false) Deno.exitCode = EXIT.failed;
  } catch (error) {
    console.error(`${name}: ${messageOf(error)}`);
    Deno.exitCode = error instanceof ExitError ? error.exitCode : EXIT.failed;
  }
}

/**
 * Reads options, and words without dashes as `positionals`.
 *
 * @param task whose `--help` an error mentions
 * @param options as for `parseArgs` of Node
 * @param words the words that are allowed without dashes (default: none)
 * @throws {UsageError} if an option or a word is unknown, or a value is missing
 */
export function readOptions<Options extends ParseArgsOptionsConfig>(
  task: string,
  args: readonly string[],
  options: Options,
  words: readonly string[] = [],
): ReturnType<typeof parseArgs<Config<Options>>> {
  const config = { args: [...args], options, strict: true, allowPositionals: words.length > 0 };
  try {
    const read = parseArgs(config as Config<Options>);
    const unknown = (read.positionals as string[]).find((word) => !words.includes(word));
    if (unknown === undefined) return read;
    throw new Error(`There is no '${unknown}'; there are ${words.join(", ")}`);
  } catch (error) {
    throw new UsageError(`${messageOf(error)} (see deno task ${task} --help)`);
  }
}

type Config<Options extends ParseArgsOptionsConfig> =
  & Omit<ParseArgsConfig, "options">
  & { args: string[]; options: Options; strict: true; allowPositionals: true };

/**
 * A number of the command line.
 *
 * @param option its name, for the error
 * @throws {UsageError} if the text is not a number from `min` to `max`
 */
export function numberFrom(
  task: string,
  option: string,
  text: string,
  { min, max, isWhole = false }: { min: number; max: number; isWhole?: boolean },
): number {
  const number = text.trim() === "" ? NaN : Number(text);
  if (number >= min && number <= max && (!isWhole || Number.isSafeInteger(number))) return number;
  const kind = isWhole ? "a whole number" : "a number";
  throw new UsageError(
    `${option} needs ${kind} from ${min} to ${max}, not '${text}' (see deno task ${task} --help)`,
  );
}

/** Writes a line with the seconds since the program started. */
export function say(what: string): void {
  console.log(`${(performance.now() / 1e3).toFixed(0).padStart(4)} s  ${what}`);
}
