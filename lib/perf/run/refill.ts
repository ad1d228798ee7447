/** The number of keys that a stage of removes by time needs. */
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { opsPerSecond, type StageData } from "../measure/stage_data.ts";

/**
 * Keys for each remove that is expected: another program can be busy in one stage and not in the other. A
 * run that is aligned with others has the time of a whole stage for its inserts, in any case.
 */
const MARGIN = 2, ALIGNED_MARGIN = 4;

/** Removes for each insert: inserts are measured first, while the code of client and server is cold. */
const MAX_PER_INSERT = 4;

/** Maximum size of these keys and their values, of all clients, in bytes. */
const MAX_BYTES = 500e6;

/**
 * Computes the number of keys for each client.
 *
 * @param keyBytes size of a key
 * @param stages the stages of this run that were measured before
 * @param isAligned whether the run began with other processes
 */
export function refillKeys(
  config: TestPerfConfig,
  keyBytes: number,
  stages: readonly StageData[],
  isAligned: boolean,
): number {
  const { clients, valueBytes, ratePerS, warmupMs, durationMs = 0, edgeMs } = config;
  const expected = (ratePerS === undefined ? removesPerS(stages) : ratePerS / clients) *
    (warmupMs + durationMs - edgeMs) / 1e3;
  const wanted = expected * (isAligned ? ALIGNED_MARGIN : MARGIN) + 1;
  return Math.floor(Math.min(wanted, MAX_BYTES / (valueBytes + keyBytes) / clients));
}

/** Estimates the throughput of a client: about that of lookups if nothing is written to disk. */
function removesPerS(stages: readonly StageData[]): number {
  const fastest = (name: string) =>
    Math.max(
      ...stages.filter(({ stage }) => stage === name)
        .flatMap(({ clients }) => clients.map(opsPerSecond)),
    );
  const inserts = fastest("insert"), lookups = fastest("lookup");
  if (inserts <= 0) return lookups <= 0 ? Infinity : lookups;
  const most = MAX_PER_INSERT * inserts;
  return lookups <= 0 ? most : Math.min(Math.max(inserts, lookups), most);
}
