/** The rules for combinations of flags of `testperf`: flags that contradict each other are rejected. */
import { UsageError } from "../base/errors.ts";

/** The flags that may contradict each other. */
export interface CombinedFlags {
  readonly basics: boolean;
  readonly outliers: boolean;
  readonly sum?: readonly string[] | undefined;
  readonly sweep?: number | true | undefined;
  readonly repeats?: number | undefined;
  readonly timeLimit?: number | undefined;
  readonly clients?: number | undefined;
  readonly processes: number;
  readonly operations?: unknown;
  readonly mix?: unknown;
  readonly ops?: unknown;
  readonly duration?: unknown;
  readonly warmup?: unknown;
  readonly keys?: unknown;
  readonly seed?: unknown;
  readonly pipeline?: unknown;
  readonly rate?: unknown;
  readonly csv?: unknown;
  readonly plot?: unknown;
  readonly compare?: unknown;
  readonly chart?: unknown;
}

/**
 * Checks all combinations.
 *
 * @param target the server to measure
 * @throws {UsageError} that names the two flags, and the reason
 */
export function checkCombinations(flags: CombinedFlags, target: string | undefined): void {
  const { basics, outliers, sweep, repeats, clients, processes, operations, mix } = flags;
  const { timeLimit, ops, duration, warmup, pipeline, rate, keys, seed, sum } = flags;
  const reject = (isWrong: boolean, message: string) => {
    if (isWrong) throw new UsageError(message);
  };
  reject(
    target === undefined && sum === undefined,
    "missing required argument 'name|host:port' (see testperf --help)",
  );
  if (sum !== undefined) {
    const measuring = { sweep, repeats, clients, operations, mix, ops, duration, warmup };
    const [name] = Object.entries({ ...measuring, pipeline, rate, keys, seed })
      .find(([, value]) => value !== undefined) ?? [];
    const isTest = basics || outliers || processes > 1 || name !== undefined;
    reject(
      target !== undefined || isTest,
      `--sum adds up files and measures nothing: remove ${
        target !== undefined ? `'${target}'` : name === undefined ? "the other test" : `--${name}`
      }`,
    );
  }
  reject(
    basics && outliers,
    "--basics and --outliers are two tests: choose one (see testperf --help)",
  );
  reject(
    (basics || outliers) && (sweep !== undefined || processes > 1),
    "--sweep and --processes are for measuring, not for --basics or --outliers",
  );
  const load = Object.entries({ clients, operations, mix, duration, pipeline, rate })
    .find(([, value]) => value !== undefined)?.[0];
  reject(
    (basics || outliers) && load !== undefined,
    `--${load} is for measuring, not for --basics or --outliers`,
  );
  reject(
    ops !== undefined && duration !== undefined,
    "--ops and --duration both set the length of a stage: choose one",
  );
  reject(
    rate !== undefined && pipeline !== undefined,
    "--pipeline limits the requests in flight, and --rate ignores that: choose one",
  );
  reject(
    operations !== undefined && mix !== undefined,
    "--operations selects stages, and --mix has a single one: choose one",
  );
  reject(
    sweep !== undefined && clients !== undefined,
    "--sweep runs 1, 2, 3, ... clients: give the maximum as in --sweep 16, not with --clients",
  );
  reject(
    sweep !== undefined && rate !== undefined,
    "--sweep measures the highest throughput, and --rate fixes it: choose one",
  );
  reject(repeats !== undefined && sweep === undefined, "--repeats is for --sweep");
  reject(timeLimit !== undefined && sweep === undefined, "--time-limit is for --sweep");
  const result = (["csv", "plot", "compare", "chart"] as const)
    .find((name) => flags[name] !== undefined);
  reject(
    (basics || outliers) && result !== undefined,
    `--${result} is for measurements, not for --basics or --outliers`,
  );
}
