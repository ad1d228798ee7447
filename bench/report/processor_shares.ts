/** Processor shares during each stage, from samples of the counters of the operating system. */
import { median } from "../../lib/perf/analysis/statistics.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";

/** The counters at one moment, in milliseconds. */
export interface ProcessorSample {
  readonly unixMs: number;
  /** Time that the main thread of the server, its event loop, has run. */
  readonly threadMs: number;
  /** Time that this thread was ready to run and had no core. */
  readonly waitingMs: number;
  /** Time that all threads of the server have run. */
  readonly serverMs: number;
  /** Time that the cores of the machine were busy, summed. */
  readonly busyMs: number;
}

/** Shares of the time of a stage. 1 is one core; for `machine` it is all cores. */
export interface StageShares {
  readonly stage: string;
  /** The main thread of the server. */
  readonly thread: number;
  /** The wait of this thread for a core. */
  readonly waiting: number;
  /** All threads of the server. */
  readonly server: number;
  /** All client processes together, as they report it. */
  readonly clients: number;
  /** Other programs, and the kernel. */
  readonly others: number;
  readonly machine: number;
}

/** The shares at one number of clients: the stages of each repeat. */
export interface StepShares {
  readonly clients: number;
  readonly repeats: readonly (readonly StageShares[])[];
}

type Counter = Exclude<keyof ProcessorSample, "unixMs">;

/**
 * The shares of all stages of a sweep. A stage without a sample before and after it is left out.
 *
 * @param samples in the order of time
 * @param cores of the machine
 */
export function sharesOf(
  sweep: SweepData,
  samples: readonly ProcessorSample[],
  cores: number,
): StepShares[] {
  return sweep.steps.map(({ clients, repeats }) => ({
    clients,
    repeats: repeats.map((stages) =>
      stages.flatMap(({ stage, startedUnixMs, sum, processors }) => {
        const share = sharesBetween(samples, startedUnixMs, startedUnixMs + sum.seconds * 1e3);
        if (share === undefined) return [];
        const server = share("serverMs");
        const clients = processors.reduce((total, { allShare }) => total + allShare, 0);
        return [{
          stage,
          thread: share("threadMs"),
          waiting: share("waitingMs"),
          server,
          clients,
          others: Math.max(0, share("busyMs") - server - clients),
          machine: share("busyMs") / cores,
        }];
      })
    ),
  }));
}

/** The medians of the repeats; undefined without a sample of the stage. */
export function medianShares(step: StepShares | undefined, stage: string): StageShares | undefined {
  const shares = step?.repeats.flatMap((stages) => stages.filter((one) => one.stage === stage));
  if (!shares?.length) return undefined;
  const middle = (of: Exclude<keyof StageShares, "stage">) => median(shares.map((one) => one[of]));
  return {
    stage,
    thread: middle("thread"),
    waiting: middle("waiting"),
    server: middle("server"),
    clients: middle("clients"),
    others: middle("others"),
    machine: middle("machine"),
  };
}

/** The growth of a counter by the time passed; undefined unless samples surround the span. */
function sharesBetween(
  samples: readonly ProcessorSample[],
  fromMs: number,
  toMs: number,
): ((counter: Counter) => number) | undefined {
  const from = countersAt(samples, fromMs);
  const to = countersAt(samples, toMs);
  if (!(toMs > fromMs) || from === undefined || to === undefined) return undefined;
  return (counter) => (to(counter) - from(counter)) / (toMs - fromMs);
}

/** The counters at any moment, interpolated between the samples before and after it. */
function countersAt(
  samples: readonly ProcessorSample[],
  unixMs: number,
): ((counter: Counter) => number) | undefined {
  const at = samples.findIndex((sample) => sample.unixMs >= unixMs);
  const after = samples[at];
  const before = samples[at - 1];
  if (before === undefined || after === undefined) return undefined;
  const part = (unixMs - before.unixMs) / (after.unixMs - before.unixMs);
  return (counter) => before[counter] + part * (after[counter] - before[counter]);
}
