/** How a run was made, for its raw data. */
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import type { RunSettings } from "./run_data.ts";

/** The settings of a run. @param keyBytes size of each key, in bytes */
export function runSettings(config: TestPerfConfig, keyBytes: number): RunSettings {
  const { clients, processes, pipeline, ops, durationMs, warmupMs, valueBytes } = config;
  return {
    clients,
    processes,
    pipeline,
    ops: durationMs === undefined ? ops : null,
    durationMs: durationMs ?? null,
    warmupMs,
    valueBytes,
    keyBytes,
    keys: config.keys ?? null,
    distribution: config.distribution ?? null,
    operations: config.operations,
    mix: config.mix ?? null,
    ratePerS: config.ratePerS ?? null,
    verify: config.verify,
    repeats: config.sweep?.repeats ?? 1,
  };
}
