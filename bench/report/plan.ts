/** What a run of the benchmark does: the full one, the short one, and the one with two hosts only. */
import { type Operation, OPERATIONS } from "../../lib/perf/workload/operation.ts";
import type { PartName } from "./report_data.ts";

/** One sweep. */
export interface SweepPlan {
  readonly part: PartName;
  readonly operations: readonly Operation[];
  /** The most clients that are tried; fewer where all operations level out before. */
  readonly mostClients: number;
  /** That the clients are spread over: one for each, as far as they reach. */
  readonly processes: number;
  readonly repeats: number;
  /** Of each stage, in seconds. */
  readonly stageS: number;
  readonly warmupS: number;
}

/** A run. */
export interface Plan {
  readonly isQuick: boolean;
  readonly sweeps: readonly SweepPlan[];
  /** Keys in the table while it is read: the more, the longer a scan takes. */
  readonly keys: number;
  /** Keys in the table when removes begin: more than they can remove in the time of a stage. */
  readonly removeKeys: number;
  /** Requests of each operation whose system calls are counted; 0: none are. */
  readonly tracedRequests: number;
  readonly tracedClients: readonly number[];
  /** Of each loop of bare syncs, in seconds; 0: none. */
  readonly syncS: number;
  /** All of it must be over by then, in seconds. */
  readonly limitS: number;
}

/** What of a plan does not depend on the flags. */
const FULL = {
  isQuick: false,
  sweep: { mostClients: 32, processes: 16, repeats: 5, stageS: 0.5, warmupS: 0.1 },
  // One sync serves all clients that wait for one: it takes many to see where that ends.
  mostDurableClients: 64,
  mostTwoHostsClients: 16,
  keys: 10_000,
  removeKeys: 40_000,
  tracedRequests: 2_000,
  tracedClients: [1, 8],
  syncS: 2,
  limitS: 600,
};

const QUICK = {
  isQuick: true,
  sweep: { mostClients: 4, processes: 4, repeats: 2, stageS: 0.15, warmupS: 0.05 },
  mostDurableClients: 4,
  mostTwoHostsClients: 2,
  keys: 2_000,
  removeKeys: 10_000,
  tracedRequests: 100,
  tracedClients: [1, 4],
  syncS: 0.3,
  limitS: 60,
};

/** What was asked for. */
export interface PlanOptions {
  readonly isQuick: boolean;
  /** Nothing but the sweeps on two hosts, of all operations in both modes. */
  readonly isTwoHostsOnly: boolean;
}

/** Plans a run. */
export function planOf({ isQuick, isTwoHostsOnly }: PlanOptions): Plan {
  const { sweep, mostDurableClients, mostTwoHostsClients, ...plan } = isQuick ? QUICK : FULL;
  const whole = (part: PartName): SweepPlan => ({ part, operations: OPERATIONS, ...sweep });
  if (isTwoHostsOnly) {
    return {
      ...plan,
      sweeps: [
        whole("two-hosts-memory"),
        { ...whole("two-hosts-durable"), mostClients: mostDurableClients },
      ],
      tracedRequests: 0,
      syncS: 0,
    };
  }
  return {
    ...plan,
    sweeps: [
      whole("memory"),
      { ...whole("durable"), mostClients: mostDurableClients },
      // Short: it is to show what the way between two addresses costs, not everything once more.
      {
        ...whole("two-hosts-memory"),
        operations: ["insert", "lookup"],
        mostClients: mostTwoHostsClients,
        processes: Math.min(sweep.processes, mostTwoHostsClients),
      },
    ],
  };
}
