/** Several testperf processes that measure one server together, compared with the count of the server. */
import assert from "assert";
import type { Host } from "../../../bench/harness/hosts.ts";
import { fromSource, Program } from "../../../bench/harness/program.ts";
import { opsPerSecond } from "../../../lib/perf/measure/stage_data.ts";
import type { RunData } from "../../../lib/perf/results/run_data.ts";
import { OPERATIONS } from "../../../lib/perf/workload/operation.ts";
import { countAt } from "./count_sampler.ts";

/** Relative differences of the sum of all processes from the count of the server, by operation. */
export type Differences = Readonly<Record<string, number>>;

/** The programs of an experiment. */
export interface Together {
  /** HOST:PORT of the server. */
  readonly target: string;
  /** Host of the server. */
  readonly host: Host;
  /** The commands that run `testperf`, without its arguments. */
  readonly testperfs: readonly (readonly string[])[];
  /** Flags of `testperf` (default: none). */
  readonly flags?: readonly string[];
}

/**
 * Starts all processes at once, waits for their results, and checks that they measured together: from one
 * boundary, the same intervals, and each saw all others.
 */
export async function measureTogether(
  { target, host, testperfs, flags = [] }: Together,
): Promise<Differences> {
  const sampling = fromSource("tests/integration/testperf/count_sampler.ts", target);
  await using sampler = new Program(host.command(sampling));
  await sampler.until("stdout", /\n/);
  const runs = await Promise.all(testperfs.map(async (command): Promise<RunData> => {
    await using program = new Program([...command, target, "--json", ...flags]);
    assert.equal(await program.exitCode(), 0, program.stderr);
    return JSON.parse(program.stdout);
  }));
  await sampler.until("stdout", /\n/);
  const [first] = runs;
  assert.ok(first?.alignedUnixMs, "the first process began with others");
  for (const { alignedUnixMs, others, complete } of runs) {
    assert.deepEqual([alignedUnixMs, others, complete], [
      first.alignedUnixMs,
      runs.length - 1,
      true,
    ]);
  }
  return Object.fromEntries(OPERATIONS.flatMap((operation, at) => {
    const stages = runs.flatMap(({ stages }) =>
      stages.find(({ stage }) => stage === operation) ?? []
    );
    if (stages.length === 0) return [];
    const [{ startedUnixMs: fromMs, sum: { seconds } } = assert.fail()] = stages;
    for (const { startedUnixMs, sum, ended } of stages) {
      assert.ok(Math.abs(startedUnixMs - fromMs) < 1, `${startedUnixMs} and ${fromMs}`);
      assert.ok(Math.abs(sum.seconds - seconds) < 0.001, `${sum.seconds} and ${seconds}`);
      assert.equal(ended, "planned");
    }
    const sum = stages.reduce((total, stage) => total + opsPerSecond(stage.sum), 0);
    const counted = countAt(sampler.stdout, at, fromMs + seconds * 1e3) -
      countAt(sampler.stdout, at, fromMs);
    return [[operation, sum / (counted / seconds) - 1]];
  }));
}

/** Formats differences as `insert +0.12%, lookup -1.03%`. */
export function differencesText(differences: Differences): string {
  return Object.entries(differences)
    .map(([name, share]) => `${name} ${share < 0 ? "" : "+"}${(share * 100).toFixed(2)}%`)
    .join(", ");
}
