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

/** The used members of `info`. */
interface Info {
  readonly ops: Readonly<Record<string, number>>;
  readonly "uptime_s": number;
}

if (import.meta.main) {
  const client = await HtClient.connect(Deno.args[0] ?? "");
  let startedMs = 0, fastestMs = Infinity;
  for (;;) {
    const askedMs = machineClock.unixMs();
    const { ops, "uptime_s": uptimeS } = await client.info() as unknown as Info;
    const answeredMs = machineClock.unixMs();
    // A reply waits while the machine is busy, but the uptime is that of the moment of the counts. The
    // fastest reply connects it with the clock.
    if (answeredMs - askedMs < fastestMs) {
      fastestMs = answeredMs - askedMs;
      startedMs = (askedMs + answeredMs) / 2 - uptimeS * 1e3;
    }
    const countedMs = Math.min(Math.max(startedMs + uptimeS * 1e3, askedMs), answeredMs);
    console.log([countedMs, ...OPERATIONS.map((operation) => ops[operation] ?? 0)].join(" "));
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
