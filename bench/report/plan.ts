/** The plans of the benchmark: the full one, the quick one, and the one with two hosts only. */
import { type Operation, OPERATIONS } from "../../lib/perf/workload/operation.ts";
import type { PlacementPlan } from "./placements.ts";
import type { PartName } from "./report_data.ts";

/** The plan of one sweep. */
export interface SweepPlan {
  readonly part: PartName;
  readonly operations: readonly Operation[];
  /** The greatest number of clients. A sweep ends earlier if all operations level out. */
  readonly maxClients: number;
  /** The greatest number of testperf processes. The clients are spread evenly. */
  readonly processes: number;
  readonly repeats: number;
  /** The length of a stage, in seconds. */
  readonly stageS: number;
  /** The warm-up before a stage, in seconds. */
  readonly warmupS: number;
}

/** The plan of a run. */
export interface Plan {
  readonly isQuick: boolean;
  readonly sweeps: readonly SweepPlan[];
  /** Keys in the table during inserts, lookups and scans. A scan reads all of them. */
  readonly keys: number;
  /** Measurements of one client by the cores of both programs; null: none. */
  readonly placement: PlacementPlan | null;
  /** Requests of each operation whose system calls are counted; 0: no tracing. */
  readonly tracedRequests: number;
  readonly tracedClients: readonly number[];
  /** The length of each loop of bare syncs, in seconds; 0: no loop. */
  readonly syncS: number;
  /** The time limit of the run, in seconds. */
  readonly limitS: number;
}

const FULL = {
  isQuick: false,
  sweep: { maxClients: 16, processes: 16, repeats: 5, stageS: 0.5, warmupS: 0.1 },
  // One sync serves all clients that wait for it. Only many clients show the limit of that.
  maxDurableClients: 64,
  maxTwoHostsClients: 8,
  keys: 10_000,
  placement: { rounds: 5, seconds: 0.5 },
  tracedRequests: 2_000,
  tracedClients: [1, 8],
  syncS: 2,
  limitS: 600,
};

const QUICK = {
  isQuick: true,
  sweep: { maxClients: 3, processes: 3, repeats: 2, stageS: 0.15, warmupS: 0.05 },
  maxDurableClients: 3,
  maxTwoHostsClients: 2,
  keys: 2_000,
  placement: { rounds: 1, seconds: 0.2 },
  tracedRequests: 100,
  tracedClients: [1, 4],
  syncS: 0.3,
  limitS: 60,
};

/** The choices of the command line. */
export interface PlanOptions {
  readonly isQuick: boolean;
  /** Only the sweeps on two hosts, with all operations, in memory and durable. */
  readonly isTwoHostsOnly: boolean;
}

/** Plans a run. */
export function planRun({ isQuick, isTwoHostsOnly }: PlanOptions): Plan {
  const { sweep, maxDurableClients, maxTwoHostsClients, ...plan } = isQuick ? QUICK : FULL;
  const whole = (part: PartName): SweepPlan => ({ part, operations: OPERATIONS, ...sweep });
  const durable = { maxClients: maxDurableClients };
  const twoHosts = {
    maxClients: maxTwoHostsClients,
    processes: Math.min(sweep.processes, maxTwoHostsClients),
  };
  if (isTwoHostsOnly) {
    return {
      ...plan,
      sweeps: [whole("two-hosts-memory"), { ...whole("two-hosts-durable"), ...durable }],
      placement: null,
      tracedRequests: 0,
      syncS: 0,
    };
  }
  return {
    ...plan,
    sweeps: [
      whole("memory"),
      { ...whole("durable"), ...durable },
      { ...whole("two-hosts-memory"), ...twoHosts },
    ],
  };
}
