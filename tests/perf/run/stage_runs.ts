/** Runs of stages against simulated servers, in virtual time. */
import assert from "assert";
import { runStage, type StageOptions } from "../../../lib/perf/run/stage.ts";
import type { StageData } from "../../../lib/perf/measure/stage_data.ts";
import type { Task, Workload } from "../../../lib/perf/workload/operation.ts";
import { type Arrival, lookups, numbered, SimulatedServer } from "../simulated_server.ts";
import { VirtualClock } from "../virtual_clock.ts";

type LookupOptions = Pick<StageOptions, "length"> & Partial<StageOptions>;

/** Runs a stage of lookups. */
export function runLookups(
  clock: VirtualClock,
  workload: Workload,
  clients: number,
  options: LookupOptions,
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

/** Runs a stage of lookups against a server that replies at the time that a rule computes. */
export async function runAgainst(
  replyAtMs: (arrivedMs: number, task: Task) => number,
  clients: number,
  options: LookupOptions,
  clock: VirtualClock = new VirtualClock(),
): Promise<StageData & { readonly arrivals: readonly Arrival[] }> {
  const server = new SimulatedServer(clock, replyAtMs);
  return { ...await runLookups(clock, server, clients, options), arrivals: server.arrivals };
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
