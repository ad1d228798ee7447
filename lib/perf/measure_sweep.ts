/** `testperf --sweep`: runs with more and more clients, a table, and what it shows. */
import { addressText } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import type { Progress } from "../terminal/progress.ts";
import type { ClientOptions } from "../client/client.ts";
import type { SweepConfig, TestPerfConfig } from "../config/testperf_config.ts";
import { machineClock } from "../base/clock.ts";
import { Shares } from "./run/shares.ts";
import { latenciesText, type RunEnvironment, stageProgress } from "./measure_run.ts";
import type { Output } from "./results/output.ts";
import { newSeed } from "./workload/seeded_streams.ts";
import { failureNotes } from "./measure/stage_notes.ts";
import { isGood, type RunResult, runStages, unlessStopped } from "./run/run.ts";
import { runSettings } from "./results/run_data.ts";
import type { RunTarget } from "./run/share.ts";
import { sweep, sweepClients, type SweepRun } from "./sweep_steps.ts";
import { analyseSweep } from "./results/sweep_analysis.ts";
import type { SweepData } from "./results/sweep_data.ts";
import {
  analysisLines,
  busyNotes,
  stepLine,
  sweepTables,
  TABLE_NOTE,
} from "./results/sweep_report.ts";

/**
 * Sweeps.
 *
 * @returns whether it ended by itself, and every operation succeeded
 * @throws {HtError} where the server is not found at first, or refuses
 */
export async function measureSweep(
  config: TestPerfConfig,
  plan: SweepConfig,
  options: ClientOptions,
  output: Output,
  { workers = [], stop, onData }: RunEnvironment = {},
): Promise<boolean> {
  const seed = config.seed ?? newSeed();
  let progress: Progress | undefined;
  await using crew = new Shares(workers, {
    onProgress: (operations) => progress?.step(operations),
    onNote: output.note,
  });
  await unlessStopped(crew.ready(), stop);
  const startedUnixMs = machineClock.unixMs();
  let server: RunTarget | undefined;
  let keyBytes = 0;
  let allGood = true;
  /** The first run finds the server; if a later one does not, what came before is still worth it. */
  const run: Parameters<typeof sweep>[0]["run"] = async (clients, operations) => {
    let result: Omit<RunResult, "server">;
    try {
      result = await runStages({
        config: { ...config, clients, operations },
        connection: options,
        seed,
        shares: crew.shares,
        at: server,
        stop,
        events: {
          onConnected: (found, bytes) => {
            if (server === undefined && !config.quiet && !config.json) {
              output.note(headingOf(config, plan, seed, addressText(found.address)));
            }
            [server, keyBytes] = [found, bytes];
          },
          onStage: (plan) => {
            const label = `${plan.name}, ${clients} client${clients === 1 ? "" : "s"}`;
            progress = stageProgress(label, plan, { ...config, clients });
          },
          onStageEnd: (data) => {
            progress?.end();
            progress = undefined;
            if (data) failureNotes(data).forEach(output.note);
          },
          onNote: output.note,
        },
      });
    } catch (error) {
      if (server === undefined) throw error;
      result = failedRun(messageOf(error));
      output.note(`The sweep ended early: ${result.failure}`);
    }
    allGood &&= isGood(result);
    return result;
  };
  const result = await sweep({
    clientCounts: sweepClients(plan.maxClients),
    repeats: plan.repeats,
    operations: config.operations,
    stageSeconds: (config.durationMs ?? 0) / 1e3,
    run,
    onStep: (step) => {
      if (!config.quiet) output.note(stepLine(step));
    },
    onNote: output.note,
  });
  // Nothing goes on any more when the results are told.
  await crew[Symbol.asyncDispose]();
  const { steps, unmeasuredErrors, complete, failure } = result;
  const analysis = analyseSweep(steps, seed);
  const data: SweepData = {
    format: "testperf sweep",
    version: 1,
    target: config.target,
    server: server === undefined ? "" : addressText(server.address),
    startedUnixMs,
    seed,
    settings: {
      ...runSettings(config, keyBytes),
      clients: steps.at(-1)?.clients ?? 1,
    },
    latencies: latenciesText(config),
    steps,
    analysis,
    unmeasuredErrors,
    complete,
    failure,
  };
  if (config.json) output.result(JSON.stringify(data));
  else tell(data, config, output);
  const isAllGiven = await onData?.(data) ?? true;
  return complete && allGood && isAllGiven;
}

function tell({ steps, analysis, complete }: SweepData, config: TestPerfConfig, output: Output) {
  for (const table of sweepTables(steps)) {
    output.result(table);
    output.result("");
  }
  analysisLines(analysis).forEach(output.result);
  if (!complete) output.result("The sweep is not complete: it ended early");
  if (!config.quiet) {
    busyNotes(steps).forEach(output.note);
    output.note(`${TABLE_NOTE}.`);
    output.note(latenciesText(config));
  }
}

function failedRun(failure: string): SweepRun {
  return { stages: [], unmeasuredErrors: 0, complete: false, failure };
}

function headingOf(
  { target, processes, ops, durationMs, warmupMs, pipeline, valueBytes }: TestPerfConfig,
  { maxClients, repeats }: SweepConfig,
  seed: number,
  server: string,
): string {
  return [
    `Server ${target} at ${server}: up to ${maxClients} clients`,
    ...(processes > 1 ? [`in up to ${processes} processes`] : []),
    `${repeats} runs of each step`,
    durationMs === undefined
      ? `${ops} operations each in a stage`
      : `stages of ${durationMs / 1e3} s`,
    ...(warmupMs > 0 ? [`${warmupMs / 1e3} s of warm-up`] : []),
    `${pipeline} in flight`,
    `values of ${valueBytes} bytes`,
    `--seed ${seed}`,
  ].join(", ");
}
