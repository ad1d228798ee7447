/**
 * `deno task bench` on the smallest scale, as a program: its arguments are the folder for the results
 * and the parts to measure.
 */
import { Interrupt } from "../../bench/peers/interrupt.ts";
import { runBench } from "../../bench/report/bench.ts";
import type { PartName } from "../../bench/report/report_data.ts";
import { messageOf } from "../../lib/base/errors.ts";
import { OPERATIONS } from "../../lib/perf/workload.ts";

/** All of it must be over by then, in seconds. */
const LIMIT_S = 50;

const [folder = "", ...parts] = Deno.args;
using interrupt = new Interrupt(LIMIT_S);
try {
  await runBench({
    plan: {
      isQuick: true,
      sweeps: parts.map((part) => ({
        part: part as PartName,
        operations: OPERATIONS,
        mostClients: 2,
        processes: 2,
        repeats: 2,
        stageS: 0.1,
        warmupS: 0,
      })),
      keys: 100,
      removeKeys: 100,
      tracedRequests: 20,
      tracedClients: [1, 2],
      syncS: 0.05,
      limitS: LIMIT_S,
    },
    command: "tiny bench",
    isQuick: true,
    isTwoHostsOnly: false,
    isRebuildOnly: false,
    folder,
    say: (what) => console.log(what),
    signal: interrupt.signal,
  });
} catch (error) {
  console.error(messageOf(error));
  Deno.exitCode = 1;
}
