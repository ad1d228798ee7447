/** Who had the processors during each stage: from samples of the operating system's counts. */
import { spreadOf } from "../harness/summary.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";

/** The counts at one moment; all in milliseconds since some beginning. */
export interface ProcessorSample {
  readonly unixMs: number;
  /** The server's main thread, which is its event loop: time that it ran. */
  readonly threadMs: number;
  /** Time for which the same thread could have run, but no core was free. */
  readonly waitingMs: number;
  /** The server's process, with all threads. */
  readonly serverMs: number;
  /** All cores together: time that they were busy with anything. */
  readonly busyMs: number;
}

/** Shares of the time of a stage. 1 is one core, but for `machine`, where it is all cores. */
export interface StageShares {
  readonly stage: string;
  /** The server's main thread. */
  readonly thread: number;
  /** How long it waited for a core. */
  readonly waiting: number;
  /** The server's process, with all threads. */
  readonly server: number;
  /** All client processes together, by their own account. */
  readonly clients: number;
  /** Whoever else: other programs, and the kernel where it works for nobody in particular. */
  readonly others: number;
  readonly machine: number;
}

/** Of one number of clients: the stages of each repeat. */
export interface StepShares {
  readonly clients: number;
  readonly repeats: readonly (readonly StageShares[])[];
}

/** The counts that become shares of a core. */
type Count = Exclude<keyof ProcessorSample, "unixMs">;

/**
 * The shares during all stages of a sweep; those without samples before and after are left out.
 *
 * @param samples in the order in which they were taken
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
        const share = shareBetween(samples, startedUnixMs, startedUnixMs + sum.seconds * 1e3);
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

/** The median of the repeats; undefined where the stage was not sampled. */
export function medianShares(step: StepShares | undefined, stage: string): StageShares | undefined {
  const shares = step?.repeats.flatMap((stages) => stages.filter((one) => one.stage === stage));
  if (!shares?.length) return undefined;
  const middle = (of: (shares: StageShares) => number) => spreadOf(shares.map(of)).median;
  return {
    stage,
    thread: middle(({ thread }) => thread),
    waiting: middle(({ waiting }) => waiting),
    server: middle(({ server }) => server),
    clients: middle(({ clients }) => clients),
    others: middle(({ others }) => others),
    machine: middle(({ machine }) => machine),
  };
}

/** How much of a time something ran, as a share; undefined where samples do not reach around it. */
function shareBetween(
  samples: readonly ProcessorSample[],
  fromMs: number,
  toMs: number,
): ((count: Count) => number) | undefined {
  if (!(toMs > fromMs) || at(samples, fromMs) === undefined || at(samples, toMs) === undefined) {
    return undefined;
  }
  return (count) =>
    ((at(samples, toMs)?.(count) ?? 0) - (at(samples, fromMs)?.(count) ?? 0)) / (toMs - fromMs);
}

/** A count at any moment: on the line between the samples before and after it. */
function at(
  samples: readonly ProcessorSample[],
  unixMs: number,
): ((count: Count) => number) | undefined {
  const place = samples.findIndex((sample) => sample.unixMs >= unixMs);
  const after = samples[place];
  const before = samples[place - 1];
  if (before === undefined || after === undefined) return undefined;
  const part = (unixMs - before.unixMs) / (after.unixMs - before.unixMs);
  return (count) => before[count] + part * (after[count] - before[count]);
}
