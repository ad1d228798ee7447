/** `testperf`'s main job: the four stages with simultaneous clients, and their results. */
import { addressText } from "../base/address.ts";
import { type ClientOptions, HtClient } from "../client/ht_client.ts";
import type { TestPerfConfig } from "../config/testperf_config.ts";
import { beginProgress } from "../base/progress.ts";
import { stageJson, stageLines } from "./report.ts";
import { runStage, SCAN_STAGE_MS, type StageResult } from "./runner.ts";
import { STAGES, Workload } from "./workload.ts";

/** Writes a line for the user: results to stdout, all else to stderr. */
export interface Output {
  result(line: string): void;
  note(line: string): void;
}

/**
 * Measures a server.
 *
 * @returns whether every operation succeeded and every value came back right
 */
export async function measure(
  config: TestPerfConfig,
  options: ClientOptions,
  output: Output,
): Promise<boolean> {
  const clients = await connectAll(config, options);
  const [first] = clients;
  if (first === undefined) throw new RangeError("there is at least one client");
  const server = addressText(first.address);
  if (!config.quiet && !config.json) {
    output.note(
      `Server ${config.target} at ${server}: ${config.clients} client${
        config.clients === 1 ? "" : "s"
      }, ${config.ops} operations each in a stage, ${config.pipeline} in flight, values of ${config.valueBytes} bytes`,
    );
  }
  const workload = new Workload(config.valueBytes, config.verify);
  const results: StageResult[] = [];
  try {
    for (const stage of STAGES) {
      const progress = beginProgress(stage, config.ops * clients.length, !config.quiet);
      const result = await runStage({
        stage,
        clients,
        workload,
        ops: config.ops,
        pipeline: config.pipeline,
        onOperation: () => progress.step(),
      }).finally(() => progress.end());
      results.push(result);
      if (!config.json) stageLines(result).forEach((line) => output.result(line));
      tellProblems(config, result, output);
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  if (config.json) output.result(resultsJson(config, server, results));
  return results.every(({ sum }) => sum.errors === 0);
}

/** All clients go to the one server that the first one found. */
async function connectAll(config: TestPerfConfig, options: ClientOptions): Promise<HtClient[]> {
  const first = await HtClient.connect(config.target, options);
  const address = addressText(first.address);
  try {
    const others = Array.from(
      { length: config.clients - 1 },
      () => HtClient.connect(address, options),
    );
    return [first, ...await Promise.all(others)];
  } catch (error) {
    await first.close();
    throw error;
  }
}

function tellProblems(config: TestPerfConfig, result: StageResult, output: Output): void {
  const { stage, sum, firstError } = result;
  if (firstError !== undefined) {
    output.note(
      `${stage}: ${sum.errors} operation${
        sum.errors === 1 ? "" : "s"
      } failed, the first with: ${firstError}`,
    );
  }
  const left = config.ops * config.clients - sum.ops - sum.errors;
  if (left > 0 && !config.quiet) {
    output.note(
      `${stage}: ended after ${
        SCAN_STAGE_MS / 1e3
      } s with ${left} operations left, since each one looks at the whole table`,
    );
  }
}

function resultsJson(
  config: TestPerfConfig,
  server: string,
  results: readonly StageResult[],
): string {
  return JSON.stringify({
    server,
    target: config.target,
    clients: config.clients,
    ops: config.ops,
    pipeline: config.pipeline,
    value_size: config.valueBytes,
    verify: config.verify,
    stages: results.map(stageJson),
  });
}
