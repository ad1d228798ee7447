/** Artificial results of sweeps. */
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import type { Operation } from "../../lib/perf/workload/operation.ts";
import {
  clientData,
  operationData,
  settingsWith,
  stageData,
  stepsWith,
  sweepWith,
} from "../perf/raw_data.ts";

/** Length of each stage, in seconds. */
const STAGE_S = 1;

/** Time from the start of one stage to the next, in milliseconds. */
const STAGE_EVERY_MS = 2_000;

/** Start of the first stage, in Unix milliseconds. */
export const SWEEP_STARTED_UNIX_MS = 1_800_000_000_000;

/** The numbers of an artificial sweep. */
export interface ArtificialSweep {
  readonly operations: readonly Operation[];
  readonly clients: readonly number[];
  readonly repeats: number;
  /** Operations a second of one client, by number of clients and repeat (from 0). */
  readonly opsOfEach: (clients: number, repeat: number) => number;
}

/** Creates a sweep. All clients are equally fast, except the last one, which does 10% less. */
export function artificialSweep(
  { operations, clients, repeats, opsOfEach }: ArtificialSweep,
): SweepData {
  let stages = 0;
  const steps = stepsWith(clients, repeats, (count, repeat) =>
    operations.map((operation) => {
      const each = Math.round(opsOfEach(count, repeat) * STAGE_S);
      const all = Array.from({ length: count }, (_, at) => {
        const ops = at > 0 && at === count - 1 ? Math.round(each * 0.9) : each;
        return clientData(operationData(ops, STAGE_S, [1e3 / each]), operation);
      });
      const startedUnixMs = SWEEP_STARTED_UNIX_MS + STAGE_EVERY_MS * stages++;
      return stageData(operation, all, { startedUnixMs });
    }));
  const most = clients.at(-1) ?? 0;
  return sweepWith(steps, {
    target: "made-up-a4",
    server: "127.0.0.1:9",
    startedUnixMs: SWEEP_STARTED_UNIX_MS,
    settings: settingsWith({
      clients: most,
      processes: most,
      ops: null,
      durationMs: STAGE_S * 1e3,
      warmupMs: 100,
      keyBytes: 20,
      keys: 10_000,
      operations,
      repeats,
    }),
  });
}
