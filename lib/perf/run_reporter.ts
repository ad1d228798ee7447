/** The reporter of a running measurement: a heading, a progress bar, result lines and notes. */
import { addressText } from "../base/address.ts";
import { machineClock } from "../base/clock.ts";
import { type Progress, startProgress, startTimedProgress } from "../terminal/progress.ts";
import type { TestPerfConfig } from "../config/testperf_config.ts";
import { clientsText } from "./analysis/sweep_step.ts";
import { errorCount, type StageData } from "./measure/stage_data.ts";
import { failureNotes, stageNotes } from "./measure/stage_notes.ts";
import type { Output } from "./results/output.ts";
import { stageLines } from "./results/run_report.ts";
import type { StepData } from "./results/sweep_data.ts";
import { stepLine } from "./results/sweep_report.ts";
import type { SweepEvents, SweepPosition } from "./sweep/sweep.ts";
import type { RunEvents } from "./run/run_options.ts";
import type { RunTarget, ShareEvents } from "./run/share.ts";
import type { StagePlan } from "./workload/plan.ts";

/** Reports a single run stage by stage, and a sweep round by round. */
export class RunReporter implements RunEvents, ShareEvents, SweepEvents {
  readonly #config: TestPerfConfig;
  readonly #seed: number;
  readonly #keyBytes: number;
  readonly #output: Output;
  #hasHeading = false;
  #progress: Progress | undefined;
  /** Where a sweep is, for the bar. */
  #position = "";

  constructor(config: TestPerfConfig, seed: number, keyBytes: number, output: Output) {
    this.#config = config;
    this.#seed = seed;
    this.#keyBytes = keyBytes;
    this.#output = output;
  }

  onConnected({ address }: RunTarget): void {
    const { quiet, json } = this.#config;
    if (!this.#hasHeading && !quiet && !json) this.onNote(this.#heading(addressText(address)));
    this.#hasHeading = true;
  }

  onWait(startUnixMs: number, others: number): void {
    const seconds = (startUnixMs - machineClock.unixMs()) / 1e3;
    const { quiet, json } = this.#config;
    if (!quiet && !json) {
      this.onNote(`Begins in ${seconds.toFixed(1)} s, together with ${others} others`);
    }
  }

  /** Reports the end of a measurement. @param others see `CommonData.others` */
  onOthers(others: number | null): void {
    if (others === null || others === 0) return;
    const processes = others === 1
      ? "1 other testperf process was"
      : `${others} other testperf processes were`;
    this.onNote(`${processes} at work on the server while this one measured`);
  }

  onStage({ name, length }: StagePlan, clients: number): void {
    const { sweep, ratePerS, quiet } = this.#config;
    const label = sweep === undefined ? name : `${this.#position}${name}, ${clientsText(clients)}`;
    // A stage by time has no known number of operations, except by its rate.
    this.#progress = "ops" in length
      ? startProgress(label, length.ops * clients, !quiet)
      : ratePerS === undefined
      ? startTimedProgress(label, length.durationMs, !quiet)
      : startProgress(label, Math.ceil(ratePerS * length.durationMs / 1e3), !quiet);
  }

  onProgress(operations: number): void {
    this.#progress?.step(operations);
  }

  onStageEnd(data: StageData | undefined): void {
    this.#progress?.end();
    this.#progress = undefined;
    if (data === undefined) return;
    const { sweep, json, quiet } = this.#config;
    if (sweep !== undefined) return failureNotes(data).forEach(this.#output.note);
    if (!json) stageLines(data).forEach(this.#output.result);
    stageNotes(data).forEach(this.#output.note);
    if (!quiet) this.#noteEarlyEnd(data);
  }

  onPosition({ round, step, leftMs }: SweepPosition): void {
    this.#position = `${
      round === null ? "range" : `round ${round.number}/${round.of}`
    }, step ${step.number}/${step.of}: `;
    if (round === null || leftMs === null || step.number > 1 || this.#config.quiet) return;
    this.onNote(
      `Round ${round.number} of ${round.of}: ${step.of} steps in random order, about ${
        Math.ceil(leftMs / 1e3)
      } s left`,
    );
  }

  onRangeStep(step: StepData): void {
    if (!this.#config.quiet) this.onNote(`Range: ${stepLine(step)}`);
  }

  onNote(text: string): void {
    this.#output.note(text);
  }

  /** The plan in one line. */
  #heading(server: string): string {
    const { target, clients, processes, sweep, ops, durationMs, warmupMs } = this.#config;
    const { pipeline, ratePerS, valueBytes } = this.#config;
    const upTo = sweep === undefined ? "" : "up to ";
    return [
      `Server ${target} at ${server}: ${upTo}${clientsText(clients)}`,
      ...(processes > 1 ? [`${upTo}${processes} processes`] : []),
      ...(sweep === undefined ? [] : [`${sweep.repeats} rounds`]),
      durationMs === undefined
        ? `${ops} operations each in a stage`
        : `stages of ${durationMs / 1e3} s`,
      ...(warmupMs > 0 ? [`${warmupMs / 1e3} s of warm-up`] : []),
      ratePerS === undefined ? `${pipeline} in flight` : `${ratePerS} requests a second in all`,
      `keys of ${this.#keyBytes} bytes`,
      `values of ${valueBytes} bytes`,
      `--seed ${this.#seed}`,
    ].join(", ");
  }

  #noteEarlyEnd({ stage, ended, sum }: StageData): void {
    const done = sum.ops + errorCount(sum.errors);
    const left = this.#config.ops * this.#config.clients - done;
    if (ended === "time limit") {
      this.onNote(
        `${stage}: ended after ${
          sum.seconds.toFixed(0)
        } s with ${left} operations left, because each scan reads the whole table`,
      );
    }
    if (ended === "keys used up") {
      this.onNote(
        done === 0
          ? `${stage}: the table had no keys`
          : `${stage}: ended after ${sum.seconds.toFixed(3)} s, because no keys were left`,
      );
    }
  }
}
