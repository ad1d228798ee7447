/** Which flags of `testperf` do not go with each other. */
import { UsageError } from "../base/errors.ts";

/** The flags that are looked at. */
export interface CombinedFlags {
  readonly basics: boolean;
  readonly outliers: boolean;
  readonly sweep?: number | true | undefined;
  readonly repeats?: number | undefined;
  readonly clients?: number | undefined;
  readonly processes: number;
  readonly operations?: unknown;
  readonly mix?: unknown;
  readonly ops?: unknown;
  readonly duration?: unknown;
  readonly pipeline?: unknown;
  readonly rate?: unknown;
}

/** @throws {UsageError} that says which two, and why */
export function checkCombinations(flags: CombinedFlags): void {
  const { basics, outliers, sweep, repeats, clients, processes, operations, mix } = flags;
  const { ops, duration, pipeline, rate } = flags;
  const refuse = (isWrong: boolean, message: string) => {
    if (isWrong) throw new UsageError(message);
  };
  refuse(
    basics && outliers,
    "--basics and --outliers are two tests: choose one (see testperf --help)",
  );
  refuse(
    (basics || outliers) && (sweep !== undefined || processes > 1),
    "--sweep and --processes are for measuring, not for --basics or --outliers",
  );
  const load = Object.entries({ clients, operations, mix, duration, pipeline, rate })
    .find(([, value]) => value !== undefined)?.[0];
  refuse(
    (basics || outliers) && load !== undefined,
    `--${load} is for measuring, not for --basics or --outliers`,
  );
  refuse(
    ops !== undefined && duration !== undefined,
    "--ops and --duration both say how long a stage is: choose one",
  );
  refuse(
    rate !== undefined && pipeline !== undefined,
    "--pipeline is for requests that wait for replies, and with --rate none does: choose one",
  );
  refuse(
    operations !== undefined && mix !== undefined,
    "--operations chooses among the stages, and --mix has a single one: choose one",
  );
  refuse(
    sweep !== undefined && clients !== undefined,
    "--sweep has runs of 1, 2, 3, ... clients: say how many at most as in --sweep 16, not by --clients",
  );
  refuse(
    sweep !== undefined && rate !== undefined,
    "--sweep looks for the highest throughput, and --rate fixes it: choose one",
  );
  refuse(repeats !== undefined && sweep === undefined, "--repeats is for --sweep");
}

/** The flags of what is made of the raw data. */
interface ResultFlags {
  readonly basics: boolean;
  readonly outliers: boolean;
  readonly csv?: unknown;
  readonly plot?: unknown;
  readonly compare?: unknown;
  readonly chart?: unknown;
}

/** @throws {UsageError} where nothing is measured that such a result could be made of */
export function checkResultFlags(flags: ResultFlags): void {
  if (!flags.basics && !flags.outliers) return;
  const name = (["csv", "plot", "compare", "chart"] as const)
    .find((one) => flags[one] !== undefined);
  if (name === undefined) return;
  throw new UsageError(`--${name} is for measurements, and --basics and --outliers are none`);
}
