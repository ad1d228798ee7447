/** Runs of the program `testperf`, their servers, and their raw data. */
import assert from "assert";
import { HtClient } from "../../../lib/client/client.ts";
import type { RunData } from "../../../lib/perf/results/run_data.ts";
import type { StageData } from "../../../lib/perf/measure/stage_data.ts";
import {
  ALONE,
  fromSource,
  Program,
  type ProgramResult,
  run,
} from "../../../bench/harness/program.ts";
import type { TestServer } from "../../helpers/server.ts";

/** Runs `testperf` until it ends. */
export function testperf(target: string, ...flags: string[]): Promise<ProgramResult> {
  return run(fromSource("testperf.ts", target, ...flags));
}

/** Starts a server that a test ends, and returns its address, too. */
export async function startProgram(): Promise<[server: Program, target: string]> {
  const server = new Program(fromSource("server.ts", "killed-a4", ...ALONE, "--debug"));
  return [server, `127.0.0.1:${await server.port()}`];
}

/** Starts `testperf`. */
export function startTestperf(target: string, ...flags: string[]): Program {
  return new Program(fromSource("testperf.ts", target, ...flags));
}

/** Reads the server's count of operations. */
export async function countsOf({ target }: TestServer): Promise<Record<string, number>> {
  const watcher = await HtClient.connect(target);
  try {
    return (await watcher.info() as { ops: Record<string, number> }).ops;
  } finally {
    await watcher.close();
  }
}

/** Reads the only stage of raw data. */
export function onlyStage(stdout: string): StageData {
  const { stages: [stage, ...others] } = JSON.parse(stdout) as RunData;
  assert.ok(stage && others.length === 0);
  return stage;
}
