/**
 * The cost of a disk sync without a server: the bytes of one insert, written and synced in a loop, in
 * a process of its own. Arguments of the process: the file, the seconds, and the milliseconds of
 * idleness before each write. It prints the milliseconds of each write as JSON.
 */
import { sleep } from "../../lib/base/clock.ts";
import { spanOf } from "../../lib/bytes/span.ts";
import { quantile } from "../../lib/perf/analysis/statistics.ts";
import { RecordBuffer } from "../../lib/storage/log/log_record.ts";
import { fromSource, run } from "./program.ts";

/** Times of one write with its `fdatasync`. */
export interface SyncTimes {
  /** Idleness before each write, as between two requests of a client; in milliseconds. */
  readonly pauseMs: number;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The pauses that are measured. */
const PAUSES_MS = [0, 1];

/**
 * Measures a disk, without and with idleness before each write.
 *
 * @param file to write, on that disk
 * @param seconds of each loop
 */
export async function syncTimes(file: string, seconds: number): Promise<SyncTimes[]> {
  const times: SyncTimes[] = [];
  for (const pauseMs of PAUSES_MS) {
    const tookMs = await bareSyncsMs(file, seconds, pauseMs);
    times.push({
      pauseMs,
      count: tookMs.length,
      p50Ms: quantile(tookMs, 0.5),
      p99Ms: quantile(tookMs, 0.99),
      maxMs: Math.max(...tookMs),
    });
  }
  return times;
}

/** Runs one loop, and returns the milliseconds of each write. */
export async function bareSyncsMs(
  file: string,
  seconds: number,
  pauseMs: number,
): Promise<number[]> {
  const args = [file, String(seconds), String(pauseMs)];
  const { stdout } = await run(fromSource("bench/harness/sync_probe.ts", ...args));
  return JSON.parse(stdout);
}

if (import.meta.main) {
  const [path = "", seconds = "1", pauseMs = "0"] = Deno.args;
  const record = new RecordBuffer();
  const value = spanOf(JSON.stringify("v".repeat(32)));
  record.addChange(1_000, 1, { method: "insert", key: spanOf("k000000001"), value });
  const bytes = record.bytes();
  using file = Deno.openSync(path, { create: true, write: true, truncate: true });
  const tookMs: number[] = [];
  const endMs = performance.now() + Number(seconds) * 1e3;
  while (performance.now() < endMs) {
    if (Number(pauseMs) > 0) await sleep(Number(pauseMs));
    const beganMs = performance.now();
    file.writeSync(bytes);
    file.syncDataSync();
    tookMs.push(performance.now() - beganMs);
  }
  console.log(JSON.stringify(tookMs));
}
