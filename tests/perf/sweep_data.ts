/** Artificial results of sweeps. */
import { analyzePlateau } from "../../lib/perf/analysis/plateau.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import { fitUsl } from "../../lib/perf/analysis/usl.ts";
import type { Operation } from "../../lib/perf/workload/operation.ts";
import { clientData, operationData, stageData } from "./stage_data.ts";

/** Length of each stage, in seconds. */
const STAGE_S = 1;

/** Time from the start of one stage to the next, in milliseconds. */
const STAGE_EVERY_MS = 2_000;

/** When the first stage began, in Unix milliseconds. */
export const SWEEP_STARTED_UNIX_MS = 1_800_000_000_000;

/** The numbers of an artificial sweep. */
export interface MadeUpSweep {
  readonly operations: readonly Operation[];
  readonly clients: readonly number[];
  readonly repeats: number;
  /** Operations a second of one client, by number of clients and repeat (from 0). */
  readonly opsOfEach: (clients: number, repeat: number) => number;
}

/** Creates a sweep. All clients are equally fast, except the last one, which does 10% less. */
export function sweepWith({ operations, clients, repeats, opsOfEach }: MadeUpSweep): SweepData {
  let stages = 0;
  const steps = clients.map((count) => ({
    clients: count,
    repeats: Array.from({ length: repeats }, (_, repeat) =>
      operations.map((operation) => {
        const each = Math.round(opsOfEach(count, repeat) * STAGE_S);
        const measured = Array.from(
          { length: count },
          (_, at) =>
            operationData(at > 0 && at === count - 1 ? Math.round(each * 0.9) : each, STAGE_S, [
              1e3 / each,
            ]),
        );
        return stageData(operation, measured.map((one) => clientData(one, operation)), {
          startedUnixMs: SWEEP_STARTED_UNIX_MS + STAGE_EVERY_MS * stages++,
        });
      })),
  }));
  const analysisOf = (operation: Operation) => {
    const sums = steps.map(({ clients, repeats }) => ({
      clients,
      opsPerSecond: repeats.flatMap((run) =>
        run.filter(({ stage }) => stage === operation).map(({ sum }) => sum.ops / sum.seconds)
      ),
    }));
    const usl = sums.length < 4 ? { why: "too few steps" } : fitUsl(sums, { resamples: 100 });
    return { plateau: analyzePlateau(sums), usl };
  };
  return {
    format: "testperf sweep",
    version: 1,
    target: "made-up-a4",
    server: "127.0.0.1:9",
    startedUnixMs: SWEEP_STARTED_UNIX_MS,
    seed: 7,
    settings: {
      clients: clients.at(-1) ?? 0,
      processes: clients.at(-1) ?? 0,
      pipeline: 1,
      ops: null,
      durationMs: STAGE_S * 1e3,
      warmupMs: 100,
      valueBytes: 100,
      keyBytes: 20,
      keys: 10_000,
      distribution: null,
      operations,
      mix: null,
      ratePerS: null,
      verify: true,
      repeats,
    },
    steps,
    analysis: Object.fromEntries(operations.map((operation) => [operation, analysisOf(operation)])),
    unmeasuredErrors: 0,
    complete: true,
    failure: null,
  };
}
