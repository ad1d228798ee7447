/**
 * A program that samples the count of operations of a server: `count_sampler.ts HOST:PORT`. It prints a
 * line for each sample, until it is killed: Unix milliseconds, then the count of each operation.
 *
 * It is a program of its own, because the server can be on another host (`bench/harness/hosts.ts`).
 */
import { machineClock } from "../../../lib/base/clock.ts";
import { HtClient } from "../../../lib/client/client.ts";
import { OPERATIONS } from "../../../lib/perf/workload/operation.ts";

/** Time between two samples, in milliseconds. */
const EACH_MS = 10;

/** A reply that takes longer, in milliseconds, does not show when the server counted. */
const MAX_REPLY_MS = 5;

if (import.meta.main) {
  const client = await HtClient.connect(Deno.args[0] ?? "");
  for (;;) {
    const askedMs = machineClock.unixMs();
    const { ops } = await client.info() as { ops: Readonly<Record<string, number>> };
    const answeredMs = machineClock.unixMs();
    if (answeredMs - askedMs <= MAX_REPLY_MS) {
      const counts = OPERATIONS.map((operation) => ops[operation] ?? 0);
      console.log([(askedMs + answeredMs) / 2, ...counts].join(" "));
    }
    await machineClock.sleep(EACH_MS);
  }
}

/** Reads the samples, and returns the count of an operation at a moment, in Unix milliseconds. */
export function countAt(samples: string, operation: number, unixMs: number): number {
  let before: readonly number[] = [];
  for (const line of samples.split("\n")) {
    const sample = line.split(" ").map(Number);
    if ((sample[0] ?? 0) < unixMs) before = sample;
    else {
      const [fromMs = NaN, toMs = NaN] = [before[0], sample[0]];
      const [from = NaN, to = NaN] = [before[operation + 1], sample[operation + 1]];
      return from + (to - from) * (unixMs - fromMs) / (toMs - fromMs);
    }
  }
  return NaN;
}
