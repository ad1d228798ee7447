/** Runs of stages against simulated servers, in virtual time. */
import assert from "assert";
import { runStage, type StageOptions } from "../../../lib/perf/run/stage.ts";
import type { StageData } from "../../../lib/perf/measure/stage_data.ts";
import type { Workload } from "../../../lib/perf/workload/operation.ts";
import { lookups, numbered } from "../simulated_server.ts";
import type { VirtualClock } from "../virtual_clock.ts";

/** Runs a stage of lookups against a simulated server. */
export function runLookups(
  clock: VirtualClock,
  workload: Workload,
  clients: number,
  options: Pick<StageOptions, "length"> & Partial<StageOptions>,
): Promise<StageData> {
  return clock.run(runStage({
    stage: "lookup",
    clients: numbered(clients),
    workload,
    tasks: lookups,
    clock,
    processorTime: () => ({ allMs: 0, mainMs: 0 }),
    ...options,
  }));
}

/** Asserts a value within a share, and within the precision of the histogram. */
export function assertAbout(
  actual: number,
  exact: number,
  what: string,
  share: number = 0.05,
): void {
  assert.ok(Math.abs(actual - exact) <= exact * share, `${what}: ${actual}, exactly ${exact}`);
}
