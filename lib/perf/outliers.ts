/** The test TestOutliers: it times single inserts and removes, and shows the fastest and the slowest. */
import { messageOf } from "../base/errors.ts";
import { isServerGone } from "../client/errors.ts";
import type { TestPerfConfig } from "../config/testperf_config.ts";
import type { Output } from "./results/output.ts";
import type { Screen } from "../terminal/status_line.ts";
import { startProgress } from "../terminal/progress.ts";
import { Keys } from "./workload/keys.ts";
import { newSeed } from "./workload/seeded_streams.ts";
import { perform, type Sender, TableWorkload } from "./workload/operation.ts";

/** Number of slowest operations in the result. */
const SLOWEST = 5;

interface TimedOperation {
  readonly number: number;
  readonly latencyMs: number;
}

/**
 * Times `ops` inserts and `ops` removes, one at a time. They alternate, so that the table stays small
 * and the log grows. If the server is gone, the test ends early, with the results so far.
 *
 * @param screen shows the progress (default: it is not shown)
 * @returns whether all operations succeeded
 */
export async function runOutliers(
  client: Sender,
  config: TestPerfConfig,
  output: Output,
  screen?: Screen,
): Promise<boolean> {
  const keys = new Keys(config.seed ?? newSeed(), config.keyPrefix);
  const workload = new TableWorkload(keys, config.valueBytes, config.verify);
  const times = { insert: [] as TimedOperation[], remove: [] as TimedOperation[] };
  const errors: string[] = [];
  const progress = screen === undefined || config.quiet
    ? undefined
    : startProgress("outliers", 2 * config.ops, screen, "ops");
  let goneReason: string | undefined;
  for (let number = 0; number < config.ops && goneReason === undefined; number++) {
    for (const stage of ["insert", "remove"] as const) {
      const before = performance.now();
      try {
        await perform(workload, { operation: stage, key: number }, client);
        times[stage].push({ number: number + 1, latencyMs: performance.now() - before });
      } catch (error) {
        errors.push(messageOf(error));
        if (isServerGone(error)) {
          goneReason = messageOf(error);
          break;
        }
      }
      progress?.step();
    }
  }
  progress?.end();
  if (config.json) {
    output.result(JSON.stringify({
      ops: config.ops,
      complete: goneReason === undefined,
      ...summary(times),
      errors,
    }));
  } else {
    for (const stage of ["insert", "remove"] as const) {
      output.result(resultLine(stage, times[stage]));
    }
  }
  if (goneReason !== undefined) {
    const done = times.insert.length + times.remove.length;
    output.note(
      `The test ended early, after ${done} of ${2 * config.ops} operations: ${goneReason}. ` +
        `Keys that begin with ${keys.prefix} may be left in the table`,
    );
  } else if (errors[0] !== undefined) {
    output.note(`${errors.length} operations failed, the first with: ${errors[0]}`);
  }
  return errors.length === 0;
}

function resultLine(stage: string, times: readonly TimedOperation[]): string {
  const sorted = times.toSorted((a, b) => a.latencyMs - b.latencyMs);
  const fastest = sorted[0];
  const median = sorted[Math.floor(sorted.length / 2)];
  if (fastest === undefined || median === undefined) return `${stage}: none succeeded`;
  const slowest = sorted.slice(-SLOWEST).reverse()
    .map(({ number, latencyMs }) => `${latencyMs.toFixed(3)} ms (operation ${number})`).join(", ");
  return `${stage}: ${times.length} ops, fastest ${fastest.latencyMs.toFixed(3)} ms, median ${
    median.latencyMs.toFixed(3)
  } ms, slowest ${slowest}`;
}

function summary(times: Readonly<Record<"insert" | "remove", readonly TimedOperation[]>>) {
  const numbers = (times: readonly TimedOperation[]) => {
    const sorted = times.toSorted((a, b) => a.latencyMs - b.latencyMs);
    return {
      fastest_ms: sorted[0]?.latencyMs ?? null,
      slowest: sorted.slice(-SLOWEST).reverse()
        .map(({ number, latencyMs }) => ({ operation: number, ms: latencyMs })),
    };
  };
  return { insert: numbers(times.insert), remove: numbers(times.remove) };
}
