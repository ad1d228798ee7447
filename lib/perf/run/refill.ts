/** The number of keys that a stage of removes by time needs. */
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { opsPerSecond, type StageData } from "../measure/stage_data.ts";

/** Keys for each remove that is expected: removes can be faster than the inserts that were measured. */
const MARGIN = 1.5;

/** Maximum size of these keys and their values, of all clients, in bytes. */
const MAX_BYTES = 500e6;

/**
 * Computes the number of keys for each client.
 *
 * @param keyBytes size of a key
 * @param inserts the measured inserts of this run, if there are any
 */
export function refillKeys(
  config: TestPerfConfig,
  keyBytes: number,
  inserts: StageData | undefined,
): number {
  const { clients, valueBytes, ratePerS, warmupMs, durationMs = 0, edgeMs } = config;
  const fastest = ratePerS === undefined
    ? Math.max(...inserts?.clients.map(opsPerSecond) ?? [Infinity])
    : ratePerS / clients;
  const expected = fastest * (warmupMs + durationMs - edgeMs) / 1e3;
  return Math.floor(Math.min(expected * MARGIN + 1, MAX_BYTES / (valueBytes + keyBytes) / clients));
}
