/** `testperf`'s main job: stages with simultaneous clients, and their results. */
import { addressText } from "../base/address.ts";
import { beginProgress, beginTimedProgress, type Progress } from "../terminal/progress.ts";
import type { ClientOptions } from "../client/client.ts";
import type { TestPerfConfig } from "../config/testperf_config.ts";
import { machineClock } from "../base/clock.ts";
import { Shares } from "./run/shares.ts";
import type { StagePlan } from "./workload/plan.ts";
import { newSeed } from "./workload/seeded_streams.ts";
import { stageNotes } from "./measure/stage_notes.ts";
import { detailTable, LOOP_SENTENCE, stageLines } from "./results/run_report.ts";
import { isGood, type RunEvents, runStages, unlessStopped } from "./run/run.ts";
import type { Output } from "./results/output.ts";
import { type RunData, runSettings } from "./results/run_data.ts";
import type { RawData } from "./results/series.ts";
import type { RunTarget } from "./run/share.ts";
import { errorCount, type StageData } from "./measure/stage_data.ts";
import type { Process } from "./run/remote_share.ts";

/** What a measurement may use besides this process. */
export interface RunEnvironment {
  /** Processes that wait for orders (default: none). They are ended with the measurement. */
  readonly workers?: readonly Process[];
  /** Aborted, with the reason, by who wants no more: what is measured by then is kept. */
  readonly stop?: AbortSignal;
  /**
   * Given the raw data after the result lines.
   *
   * @returns whether all that was to be made of it was made (default: nothing is)
   */
  readonly onData?: (data: RawData) => Promise<boolean>;
}

/**
 * Measures a server.
 *
 * @returns whether all was tried, every operation succeeded and every value came back right
 */
export async function measure(
  config: TestPerfConfig,
  options: ClientOptions,
  output: Output,
  { workers = [], stop, onData }: RunEnvironment = {},
): Promise<boolean> {
  const seed = config.seed ?? newSeed();
  const told = new RunReporter(config, seed, output);
  await using crew = new Shares(workers, {
    onProgress: (operations) => told.progressed(operations),
    onNote: output.note,
  });
  await unlessStopped(crew.ready(), stop);
  const startedUnixMs = machineClock.unixMs();
  const { shares } = crew;
  const result = await runStages({
    config,
    connection: options,
    seed,
    shares,
    stop,
    events: told,
  });
  // Nothing goes on any more when the results are told.
  await crew[Symbol.asyncDispose]();
  const data: RunData = {
    format: "testperf run",
    version: 1,
    target: config.target,
    server: addressText(result.server),
    startedUnixMs,
    seed,
    settings: runSettings(config, told.keyBytes),
    latencies: latenciesText(config),
    stages: result.stages,
    unmeasuredErrors: result.unmeasuredErrors,
    complete: result.complete,
    failure: result.failure,
  };
  if (config.json) output.result(JSON.stringify(data));
  else if (!config.quiet && result.stages.length > 0) {
    output.note(detailTable(result.stages));
    output.note(latenciesText(config));
  }
  const isAllGiven = await onData?.(data) ?? true;
  return isGood(result) && isAllGiven;
}

/** What the latencies of a run are. */
export function latenciesText({ ratePerS }: TestPerfConfig): string {
  return `${LOOP_SENTENCE[ratePerS === undefined ? "closed" : "open"]}.`;
}

/**
 * Begins the bar of a stage.
 *
 * @param label of it
 */
export function stageProgress(
  label: string,
  { length }: StagePlan,
  { clients, ratePerS, quiet }: TestPerfConfig,
): Progress {
  if ("ops" in length) return beginProgress(label, length.ops * clients, !quiet);
  // Without a rate nobody knows how many there will be: the bar then shows the time.
  return ratePerS === undefined
    ? beginTimedProgress(label, length.durationMs, !quiet)
    : beginProgress(label, Math.ceil(ratePerS * length.durationMs / 1e3), !quiet);
}

/** What is told of a run while it goes on. */
class RunReporter implements RunEvents {
  /** Known once the clients are connected. */
  keyBytes = 0;
  readonly #config: TestPerfConfig;
  readonly #seed: number;
  readonly #output: Output;
  #progress: Progress | undefined;

  constructor(config: TestPerfConfig, seed: number, output: Output) {
    this.#config = config;
    this.#seed = seed;
    this.#output = output;
  }

  onConnected({ address }: RunTarget, keyBytes: number): void {
    this.keyBytes = keyBytes;
    const { quiet, json } = this.#config;
    if (!quiet && !json) this.onNote(this.#heading(addressText(address)));
  }

  onStage(plan: StagePlan): void {
    this.#progress = stageProgress(plan.name, plan, this.#config);
  }

  progressed(operations: number): void {
    this.#progress?.step(operations);
  }

  onStageEnd(data: StageData | undefined): void {
    this.#progress?.end();
    this.#progress = undefined;
    if (data === undefined) return;
    if (!this.#config.json) stageLines(data).forEach(this.#output.result);
    stageNotes(data).forEach(this.#output.note);
    if (!this.#config.quiet) this.#tellShort(data);
  }

  onNote(text: string): void {
    this.#output.note(text);
  }

  /** What is going to be done, in one line. */
  #heading(server: string): string {
    const { target, clients, processes, ops, durationMs, pipeline, ratePerS } = this.#config;
    const { valueBytes, warmupMs } = this.#config;
    const length = durationMs === undefined
      ? `${ops} operations each in a stage`
      : `stages of ${durationMs / 1e3} s`;
    return [
      `Server ${target} at ${server}: ${clients} client${clients === 1 ? "" : "s"}`,
      ...(processes > 1 ? [`${processes} processes`] : []),
      length,
      ...(warmupMs > 0 ? [`${warmupMs / 1e3} s of warm-up`] : []),
      ratePerS === undefined ? `${pipeline} in flight` : `${ratePerS} requests a second in all`,
      `keys of ${this.keyBytes} bytes`,
      `values of ${valueBytes} bytes`,
      `--seed ${this.#seed}`,
    ].join(", ");
  }

  #tellShort({ stage, ended, sum }: StageData): void {
    const done = sum.ops + errorCount(sum.errors);
    const left = this.#config.ops * this.#config.clients - done;
    if (ended === "time limit") {
      this.#output.note(
        `${stage}: ended after ${
          sum.seconds.toFixed(0)
        } s with ${left} operations left, since each one looks at the whole table`,
      );
    }
    if (ended === "keys used up") {
      this.#output.note(
        done === 0
          ? `${stage}: there were no keys`
          : `${stage}: ended after ${sum.seconds.toFixed(3)} s, since it had used up its keys`,
      );
    }
  }
}
