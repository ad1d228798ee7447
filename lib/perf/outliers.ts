/** TestOutliers: single inserts and removes, timed one by one; the fastest and the slowest. */
import { messageOf } from "../base/errors.ts";
import { isServerGone } from "../client/errors.ts";
import type { HtClient } from "../client/client.ts";
import type { TestPerfConfig } from "../config/testperf_config.ts";
import type { Output } from "./results/output.ts";
import { beginProgress } from "../terminal/progress.ts";
import { Keys } from "./workload/keys.ts";
import { newSeed } from "./workload/seeded_streams.ts";
import { Workload } from "./workload/operation.ts";

/** How many of the slowest are told. */
const SLOWEST = 5;

interface Timed {
  readonly number: number;
  readonly latencyMs: number;
}

/**
 * Times `ops` inserts and as many removes, one at a time, alternating so that the table stays small
 * and the log grows. A server that is gone ends it early, with what was measured until then.
 *
 * @returns whether all succeeded
 */
export async function runOutliers(
  client: HtClient,
  config: TestPerfConfig,
  output: Output,
): Promise<boolean> {
  const keys = new Keys(config.seed ?? newSeed(), config.keyPrefix);
  const workload = new Workload(keys, config.valueBytes, config.verify);
  const timed = { insert: [] as Timed[], remove: [] as Timed[] };
  const errors: string[] = [];
  const progress = beginProgress("outlier", 2 * config.ops, !config.quiet);
  let goneBy: string | undefined;
  for (let number = 0; number < config.ops && goneBy === undefined; number++) {
    for (const stage of ["insert", "remove"] as const) {
      const before = performance.now();
      try {
        await workload.perform({ operation: stage, key: number }, client);
        timed[stage].push({ number: number + 1, latencyMs: performance.now() - before });
      } catch (error) {
        errors.push(messageOf(error));
        if (isServerGone(error)) {
          goneBy = messageOf(error);
          break;
        }
      }
      progress.step();
    }
  }
  progress.end();
  if (config.json) {
    output.result(JSON.stringify({
      ops: config.ops,
      complete: goneBy === undefined,
      ...json(timed),
      errors,
    }));
  } else {
    for (const stage of ["insert", "remove"] as const) output.result(line(stage, timed[stage]));
  }
  if (goneBy !== undefined) {
    const done = timed.insert.length + timed.remove.length;
    output.note(
      `The test ended early, after ${done} of ${2 * config.ops} operations: ${goneBy}. ` +
        `Keys that begin with ${keys.prefix} may be left in the table`,
    );
  } else if (errors[0] !== undefined) {
    output.note(`${errors.length} operations failed, the first with: ${errors[0]}`);
  }
  return errors.length === 0;
}

function line(stage: string, times: readonly Timed[]): string {
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

function json(timed: Readonly<Record<"insert" | "remove", readonly Timed[]>>) {
  const numbers = (times: readonly Timed[]) => {
    const sorted = times.toSorted((a, b) => a.latencyMs - b.latencyMs);
    return {
      fastest_ms: sorted[0]?.latencyMs ?? null,
      slowest: sorted.slice(-SLOWEST).reverse()
        .map(({ number, latencyMs }) => ({ operation: number, ms: latencyMs })),
    };
  };
  return { insert: numbers(timed.insert), remove: numbers(timed.remove) };
}
