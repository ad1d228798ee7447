/** The reporter of a running measurement: it shows the progress, and collects the notes for the report. */
import type { TestPerfConfig } from "../config/testperf_config.ts";
import type { Screen } from "../terminal/status_line.ts";
import { clientsText } from "./analysis/sweep_step.ts";
import { errorCount, type StageData } from "./measure/stage_data.ts";
import { failureNotes, stageNotes } from "./measure/stage_notes.ts";
import type { StepData } from "./results/sweep_data.ts";
import { stepLine } from "./results/sweep_report.ts";
import type { RunEvents } from "./run/run_options.ts";
import type { ShareEvents } from "./run/share.ts";
import type { SweepEvents, SweepPosition } from "./sweep/sweep.ts";
import { RunProgress } from "./run_progress.ts";
import type { StagePlan } from "./workload/plan.ts";

/** Reports a single run, and each run of a sweep. */
export class RunReporter implements RunEvents, ShareEvents, SweepEvents {
  /** Sentences for the report and how often each came, in the order of the events. */
  readonly #notes = new Map<string, number>();
  readonly #config: TestPerfConfig;
  readonly #warn: (sentence: string) => void;
  readonly #progress: RunProgress | undefined;
  readonly #screen: Screen | undefined;
  #isConnected = false;

  /**
   * @param pid number of this process
   * @param screen undefined: the progress is not shown
   * @param warn writes a sentence at once: before the clients are connected, the user waits for them
   */
  constructor(
    config: TestPerfConfig,
    pid: number,
    screen: Screen | undefined,
    warn: (sentence: string) => void,
  ) {
    this.#config = config;
    this.#warn = warn;
    this.#screen = screen;
    const stages = config.mix === undefined ? config.operations.length : 1;
    if (screen !== undefined && !config.quiet) {
      const name = `${config.target}: testperf ${pid}`;
      this.#progress = new RunProgress(screen, stages, (text) => warn(`${name} ${text}`));
    }
  }

  /** Sentences for the report. Many clients that lose one server have one sentence. */
  get notes(): string[] {
    return [...this.#notes].map(([text, count]) => count === 1 ? text : `${text} (${count} times)`);
  }

  onConnected(): void {
    this.#isConnected = true;
  }

  onWait(startUnixMs: number, others: number): void {
    this.#progress?.waitFor(startUnixMs, others);
  }

  onStage({ name, length }: StagePlan, clients: number): void {
    const { warmupMs } = this.#config;
    this.#progress?.beginStage(
      name,
      "ops" in length ? { ops: length.ops * clients } : { ms: warmupMs + length.durationMs },
    );
  }

  onProgress(operations: number): void {
    this.#progress?.step(operations);
  }

  onStageEnd(data: StageData | undefined): void {
    this.#progress?.endStage();
    if (data === undefined) return;
    const { sweep, quiet } = this.#config;
    if (sweep !== undefined) {
      const clients = clientsText(data.clients.length);
      failureNotes(data).forEach((note) => this.#add(`${clients}, ${note}`));
      return;
    }
    const notes = quiet
      ? failureNotes(data)
      : [...stageNotes(data), ...earlyEndNotes(data, this.#config)];
    notes.forEach((note) => this.#add(note));
  }

  onPosition({ clients, round, step, leftMs }: SweepPosition): void {
    const where = round === null ? "range" : `round ${round.number} of ${round.of}`;
    this.#progress?.beginRun(
      `${where}, step ${step.number} of ${step.of}, ${clientsText(clients)}`,
      leftMs ?? undefined,
    );
    if (round === null || leftMs === null || step.number > 1) return;
    const left = `about ${Math.ceil(leftMs / 1e3)} s left`;
    this.#log(`Round ${round.number} of ${round.of}: ${step.of} steps in random order, ${left}`);
  }

  onRangeStep(step: StepData): void {
    this.#log(`Range: ${stepLine(step)}`);
  }

  /** Shows the progress of a sweep in a log, which has no line to draw. */
  #log(sentence: string): void {
    if (!this.#config.quiet && !this.#screen?.hasStderr) this.#warn(sentence);
  }

  onNote(text: string): void {
    if (this.#isConnected) this.#add(text);
    else this.#warn(text);
  }

  #add(note: string): void {
    this.#notes.set(note, (this.#notes.get(note) ?? 0) + 1);
  }

  /** Ends the progress. */
  [Symbol.dispose](): void {
    this.#progress?.end();
  }
}

/** Notes on a stage that ended before it was complete, although the server is not the reason. */
function earlyEndNotes(
  { stage, ended, sum }: StageData,
  { ops, clients }: TestPerfConfig,
): string[] {
  const done = sum.ops + errorCount(sum.errors);
  const seconds = sum.seconds.toFixed(3);
  if (ended === "time limit") {
    return [
      `${stage}: ended after ${seconds} s with ${
        ops * clients - done
      } operations left, because each scan reads the whole table`,
    ];
  }
  if (ended !== "keys used up") return [];
  return [
    done === 0
      ? `${stage}: the table had no keys`
      : `${stage}: ended after ${seconds} s, because no keys were left`,
  ];
}
