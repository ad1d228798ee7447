/** The processor time of client processes: a busy client limits the throughput, not the server. */
import process from "node:process";

/** Processor time since the start of the process, in milliseconds. */
interface ProcessorTime {
  /** Of all threads of this process. */
  readonly allMs: number;
  /** Of the main thread, which sends and reads. */
  readonly mainMs: number;
  /** Of that, polls of sockets that found nothing (default: 0): the thread had nothing else to do. */
  readonly fruitlessMs?: number;
}

/** Reads the processor time. */
export type ProcessorClock = () => ProcessorTime;

/** Processor use of one process during a stage; plain data. */
export interface ProcessorData {
  /** Of all threads, as a share of one processor; it can be above 1. */
  readonly allShare: number;
  /** Of the main thread, which sends and reads; at most 1. */
  readonly mainShare: number;
  /** Present if it is not 0: polls of sockets that found nothing. They are not in the other shares. */
  readonly pollingShare?: number;
  /** Present if the time was too short for an exact `mainShare`. */
  readonly isTooShort?: true;
}

/** Above this share of its main thread, a client process likely limits the throughput. */
export const BUSY_SHARE = 0.9;

/** Below this time, the resolution of a thread's time (about 10 ms) is too coarse. */
const MIN_MS = 200;

/** Reads the times of this process from the operating system, in steps of a few milliseconds. */
export const readProcessorTime: ProcessorClock = (): ProcessorTime => ({
  allMs: milliseconds(process.cpuUsage()),
  mainMs: milliseconds(process.threadCpuUsage()),
});

/** Computes the shares between two readings. */
export function processorData(
  before: ProcessorTime,
  after: ProcessorTime,
  elapsedMs: number,
): ProcessorData {
  const share = (ms: number) => elapsedMs > 0 ? Math.max(0, ms / elapsedMs) : 0;
  const fruitlessMs = (after.fruitlessMs ?? 0) - (before.fruitlessMs ?? 0);
  return {
    allShare: share(after.allMs - before.allMs - fruitlessMs),
    mainShare: Math.min(1, share(after.mainMs - before.mainMs - fruitlessMs)),
    ...(fruitlessMs > 0 ? { pollingShare: share(fruitlessMs) } : {}),
    ...(elapsedMs < MIN_MS ? { isTooShort: true } : {}),
  };
}

/**
 * Returns the share of the busiest main thread of all processes, 0 to 1; undefined if the stage was too
 * short to measure it.
 */
export function busiestShare(processors: readonly ProcessorData[]): number | undefined {
  const shares = processors.flatMap(({ mainShare, isTooShort }) => isTooShort ? [] : [mainShare]);
  return shares.length === 0 ? undefined : Math.max(...shares);
}

function milliseconds(usage: { readonly user: number; readonly system: number }): number {
  return (usage.user + usage.system) / 1e3;
}
