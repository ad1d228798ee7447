/** The command line of `deno task fuzz`. */
import { numberFrom, readOptions } from "../bench/harness/command_line.ts";
import { UsageError } from "../lib/base/errors.ts";

/** The values of the options. */
export interface Options {
  /** Number of inputs, of all targets together. */
  readonly inputs: number;
  /** Undefined: a random one. */
  readonly seed: number | undefined;
  /** The names of the targets; empty: all. */
  readonly targets: readonly string[];
  /** The time limit. */
  readonly minutes: number;
  /** The number of the only input to run. */
  readonly only: number | undefined;
  /** The file for the figures. */
  readonly jsonPath: string | undefined;
}

/** The file for the figures of `--write`. */
const DOCUMENTED_PATH = "docs/data/hardening/fuzz.json";

/** The default number of inputs: about ten minutes of two cores. */
const DEFAULT_INPUTS = 10_000_000;

/** The number of inputs of `--quick`: some seconds. */
const QUICK_INPUTS = 50_000;

const DEFAULT_MINUTES = 30;

/** For `--help`. */
export const HELP =
  `Runs hostile inputs against a live server and against all code that reads data of others, and compares
the results with independent oracles.

  deno task fuzz               ${DEFAULT_INPUTS} inputs, about 10 minutes on 2 cores
      --quick                  ${QUICK_INPUTS} inputs
      --inputs N               another number of inputs, of all targets together
      --minutes M              the time limit (default: ${DEFAULT_MINUTES})
      --seed S                 the inputs of this seed (default: a random one)
      --target NAME,...        only these targets
      --only NUMBER            with --seed and one --target: this input again
      --json FILE              write the figures there
      --write                  write them to ${DOCUMENTED_PATH}

With a finding it exits with 1, and prints the command that runs the input again.`;

/**
 * Reads the command line.
 *
 * @param names of the targets
 * @throws {UsageError} for anything that is not in `HELP`
 */
export function parseOptions(args: readonly string[], names: readonly string[]): Options {
  const { values } = readOptions("fuzz", args, {
    quick: { type: "boolean", default: false },
    inputs: { type: "string" },
    minutes: { type: "string" },
    seed: { type: "string" },
    target: { type: "string" },
    only: { type: "string" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  });
  const wholeNumber = (option: "inputs" | "minutes" | "seed" | "only", min: number) => {
    const text = values[option];
    if (text === undefined) return undefined;
    const bounds = { min, max: Number.MAX_SAFE_INTEGER, isWhole: true };
    return numberFrom("fuzz", `--${option}`, text, bounds);
  };
  const seed = wholeNumber("seed", 0), only = wholeNumber("only", 0);
  const targets = values.target?.split(",") ?? [];
  const unknown = targets.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no target '${unknown}'; there are ${names.join(", ")}`);
  }
  if (only !== undefined && (seed === undefined || targets.length !== 1)) {
    throw new UsageError("--only goes with --seed and one --target");
  }
  return {
    inputs: wholeNumber("inputs", 1) ?? (values.quick ? QUICK_INPUTS : DEFAULT_INPUTS),
    seed,
    targets,
    minutes: wholeNumber("minutes", 1) ?? DEFAULT_MINUTES,
    only,
    jsonPath: values.json ?? (values.write ? DOCUMENTED_PATH : undefined),
  };
}

/** The command that runs one input again. */
export function replayLine(seed: number, target: string, number: number): string {
  return `./denow task fuzz --seed ${seed} --target ${target} --only ${number}`;
}
