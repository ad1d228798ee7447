/** Runs of the program `testperf`, and their raw data. */
import assert from "assert";
import type { RunData } from "../../../lib/perf/results/run_data.ts";
import type { StageData } from "../../../lib/perf/measure/stage_data.ts";
import { fromSource, type ProgramResult, run } from "../../../bench/harness/program.ts";

/** Runs `testperf` until it ends. */
export function testperf(target: string, ...flags: string[]): Promise<ProgramResult> {
  return run(fromSource("testperf.ts", target, ...flags));
}

/** Reads the only stage of raw data. */
export function onlyStage(stdout: string): StageData {
  const { stages: [stage, ...others] } = JSON.parse(stdout) as RunData;
  assert.ok(stage && others.length === 0);
  return stage;
}
