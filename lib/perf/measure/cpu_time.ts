/** What a client process takes of the processor: where it is full, it is not the server that is measured. */
import process from "node:process";

/** Processor time so far, in milliseconds. */
export interface ProcessorTime {
  /** Of all threads of this process. */
  readonly allMs: number;
  /** Of the one that sends and reads. */
  readonly mainMs: number;
}

/** Looks at the processor time. */
export type ProcessorClock = () => ProcessorTime;

/** What one process took during a stage; plain data. */
export interface ProcessorData {
  /** Of all its threads, as a share of one processor: it may be above 1. */
  readonly allShare: number;
  /** Of its main thread, which sends and reads: 1 is all that it can take. */
  readonly mainShare: number;
  /** There where the time was too short for `mainShare` to say anything. */
  readonly isTooShort?: true;
}

/** From this share of its one thread on, a client is likely what limits the throughput. */
export const BUSY_SHARE = 0.9;

/** Below this time, the steps in which a thread's time is counted (some 10 ms) are too coarse. */
const MIN_MS = 200;

/** This process's times, from the operating system (its main thread's in steps of some milliseconds). */
export const readProcessorTime: ProcessorClock = (): ProcessorTime => ({
  allMs: milliseconds(process.cpuUsage()),
  mainMs: milliseconds(process.threadCpuUsage()),
});

/** The shares between two looks. */
export function processorData(
  before: ProcessorTime,
  after: ProcessorTime,
  elapsedMs: number,
): ProcessorData {
  const share = (ms: number) => elapsedMs > 0 ? ms / elapsedMs : 0;
  return {
    allShare: share(after.allMs - before.allMs),
    mainShare: Math.min(1, share(after.mainMs - before.mainMs)),
    ...(elapsedMs < MIN_MS ? { isTooShort: true } : {}),
  };
}

/**
 * How busy the client's thread was, 0 to 1: of several processes the busiest one's. Undefined where
 * the stage was too short to tell.
 */
export function busiestShare(processors: readonly ProcessorData[]): number | undefined {
  const shares = processors.flatMap(({ mainShare, isTooShort }) => isTooShort ? [] : [mainShare]);
  return shares.length === 0 ? undefined : Math.max(...shares);
}

function milliseconds(usage: { readonly user: number; readonly system: number }): number {
  return (usage.user + usage.system) / 1e3;
}
