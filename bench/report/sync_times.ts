/** What the disk itself takes: the bytes of one insert written and forced to it, over and over. */
import { bareSyncsMs } from "../harness/sync_probe.ts";
import { percentile } from "../harness/summary.ts";

/** Times of one write with its `fdatasync`. */
export interface SyncTimes {
  /** Idleness before each, as a server has between two requests of a client; in milliseconds. */
  readonly pauseMs: number;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Pauses that are tried. */
const PAUSES_MS = [0, 1];

/**
 * Measures them.
 *
 * @param folder on the disk that the durable table is on
 * @param seconds of each pause's loop
 */
export async function syncTimes(folder: string, seconds: number): Promise<SyncTimes[]> {
  const times: SyncTimes[] = [];
  for (const pauseMs of PAUSES_MS) {
    const tookMs = (await bareSyncsMs(`${folder}/bare`, seconds, pauseMs)).toSorted((a, b) =>
      a - b
    );
    times.push({
      pauseMs,
      count: tookMs.length,
      p50Ms: percentile(tookMs, 0.5),
      p99Ms: percentile(tookMs, 0.99),
      maxMs: tookMs.at(-1) ?? NaN,
    });
  }
  return times;
}
