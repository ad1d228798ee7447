/** The command line of `deno task fuzz`. */
import { UsageError } from "../lib/base/errors.ts";

/** What was asked for. */
export interface Options {
  /** Of all targets together. */
  readonly inputs: number;
  /** Undefined: any. */
  readonly seed: number | undefined;
  /** Names of targets; empty: all. */
  readonly targets: readonly string[];
  /** Most time for all of it. */
  readonly minutes: number;
  /** The number of the one input to run again. */
  readonly only: number | undefined;
  /** Where the figures are to be written. */
  readonly jsonPath: string | undefined;
}

/** Where `--write` puts the figures. */
export const DOCUMENTED_PATH = "docs/data/hardening/fuzz.json";

/** Inputs where nothing else is said: about ten minutes' work of two cores. */
const DEFAULT_INPUTS = 10_000_000;

const DEFAULT_MINUTES = 30;

/** For `--help`. */
export const HELP =
  `Gives hostile inputs to a live server and to everything that reads what strangers write, and compares
what comes of them with what independent oracles say.

  deno task fuzz                            ${DEFAULT_INPUTS} inputs, about 10 minutes on 2 cores
      --inputs N                            so many inputs, of all targets together
      --minutes M                           end after so many minutes (default: ${DEFAULT_MINUTES})
      --seed S                              the inputs of that seed (default: any)
      --target NAME,...                     these targets only
      --only NUMBER                         with --seed and one --target: that one input again
      --json FILE                           write the figures there
      --write                               write them to ${DOCUMENTED_PATH}

It exits with 1 where anything was found, and says how to see it again.`;

/**
 * Reads the command line.
 *
 * @param names of the targets there are
 * @throws {UsageError} for anything that is not in `HELP`
 */
export function parseOptions(args: readonly string[], names: readonly string[]): Options {
  let inputs = DEFAULT_INPUTS, minutes = DEFAULT_MINUTES;
  let seed: number | undefined, only: number | undefined;
  let targets: string[] = [];
  let jsonPath: string | undefined;
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (arg === "--inputs") inputs = wholeNumber(arg, left.shift(), 1);
    else if (arg === "--minutes") minutes = wholeNumber(arg, left.shift(), 1);
    else if (arg === "--seed") seed = wholeNumber(arg, left.shift(), 0);
    else if (arg === "--only") only = wholeNumber(arg, left.shift(), 0);
    else if (arg === "--target") targets = (left.shift() ?? "").split(",");
    else if (arg === "--json") {
      jsonPath = left.shift();
      if (!jsonPath) throw new UsageError("--json needs a file (see deno task fuzz --help)");
    } else if (arg === "--write") jsonPath = DOCUMENTED_PATH;
    else throw new UsageError(`There is no option ${arg} (see deno task fuzz --help)`);
  }
  const unknown = targets.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no target '${unknown}'; there are ${names.join(", ")}`);
  }
  if (only !== undefined && (seed === undefined || targets.length !== 1)) {
    throw new UsageError("--only goes with --seed and one --target");
  }
  return { inputs, seed, targets, minutes, only, jsonPath };
}

/** The line that runs one input again. */
export function replayLine(seed: number, target: string, number: number): string {
  return `./denow task fuzz --seed ${seed} --target ${target} --only ${number}`;
}

function wholeNumber(option: string, text: string | undefined, min: number): number {
  const value = text !== undefined && /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new UsageError(`${option} needs a whole number of at least ${min}, not '${text ?? ""}'`);
}
