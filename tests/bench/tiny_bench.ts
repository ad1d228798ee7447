/**
 * `deno task bench` on the smallest scale, as a program. Arguments: the folder for the results, the
 * runs of each step, the time limit in seconds, and the parts to measure.
 */
import { Interrupt } from "../../bench/harness/interrupt.ts";
import { runBench } from "../../bench/report/bench.ts";
import type { PartName } from "../../bench/report/report_data.ts";
import { messageOf } from "../../lib/base/errors.ts";

const [folder = "", repeats, limit, ...parts] = Deno.args;
const limitS = Number(limit);
using interrupt = new Interrupt(limitS);
try {
  await runBench({
    plan: {
      isQuick: true,
      sweeps: parts.map((part) => ({
        part: part as PartName,
        operations: ["insert", "remove"],
        maxClients: 2,
        processes: 2,
        repeats: Number(repeats),
        stageS: 0.1,
        warmupS: 0,
      })),
      keys: 100,
      placement: { rounds: 1, seconds: 0.1 },
      tracedRequests: 20,
      tracedClients: [1, 2],
      syncS: 0.05,
      limitS,
    },
    command: "tiny bench",
    isCommitted: false,
    folder,
    say: (what) => console.log(what),
    signal: interrupt.signal,
  });
} catch (error) {
  console.error(messageOf(error));
  Deno.exitCode = 1;
}
