/** The progress of a measurement while it runs: a line on the terminal, or a sentence when it begins. */
import { machineClock } from "../base/clock.ts";
import { RateMeter } from "../terminal/rate_meter.ts";
import { barText, canDraw, type Screen, StatusLine } from "../terminal/status_line.ts";
import { clockText } from "./results/heading.ts";

/** Characters of the bar. */
const MAX_BAR = 24;

/** The bar is left out if it has less room than this. */
const MIN_BAR = 6;

/** The length of a stage: operations of all clients, or a time. */
export type StageSize = { readonly ops: number } | { readonly ms: number };

/** A stage that runs. */
interface CurrentStage {
  readonly label: string;
  readonly size: StageSize;
  readonly startedMs: number;
  readonly meter: RateMeter;
  done: number;
}

/** Where a sweep is. */
interface Position {
  readonly label: string;
  /** Time that is left for the sweep, and when that was estimated; undefined: unknown. */
  readonly left: { readonly ms: number; readonly atMs: number } | undefined;
}

/** A start that other processes share. */
interface AlignedStart {
  readonly unixMs: number;
  readonly others: number;
}

/**
 * Shows what a measurement does. In the foreground of a terminal, this is a line that is drawn again and
 * again. A process in the background must not disturb the terminal: it writes one sentence when it begins.
 */
export class RunProgress {
  readonly #screen: Screen;
  readonly #stages: number;
  readonly #begin: (sentence: string) => void;
  #line: StatusLine | undefined;
  #start: AlignedStart | undefined;
  /** Whether a process in the background has written its sentence. */
  #isAnnounced = false;
  #startedMs: number | undefined;
  #position: Position | undefined;
  #stage: CurrentStage | undefined;
  /** Stages of this run that have ended, and their time. */
  #ended = { stages: 0, ms: 0 };

  /**
   * @param stages number of stages of a run
   * @param begin writes the sentence of a process that draws no line, such as `begins at 12:00:05`
   */
  constructor(screen: Screen, stages: number, begin: (sentence: string) => void) {
    this.#screen = screen;
    this.#stages = stages;
    this.#begin = begin;
  }

  /** The run waits for a start that other processes share. Earlier stages do not count. */
  waitFor(unixMs: number, others: number): void {
    this.#start = { unixMs, others };
    this.#startedMs = undefined;
    this.#stage = undefined;
    this.#ended = { stages: 0, ms: 0 };
    this.#isAnnounced = false;
    this.#show();
  }

  /** A run of a sweep begins. @param leftMs time that is left; undefined: unknown */
  beginRun(label: string, leftMs: number | undefined): void {
    const left = leftMs === undefined ? undefined : { ms: leftMs, atMs: performance.now() };
    this.#position = { label, left };
    this.#ended = { stages: 0, ms: 0 };
  }

  beginStage(label: string, size: StageSize): void {
    const startedMs = performance.now();
    this.#startedMs ??= startedMs;
    this.#stage = { label, size, startedMs, meter: new RateMeter(startedMs), done: 0 };
    this.#show();
  }

  /** Adds operations of the stage. It takes almost no time. */
  step(operations: number): void {
    if (this.#stage !== undefined) this.#stage.done += operations;
  }

  endStage(): void {
    if (this.#stage === undefined) return;
    const { stages, ms } = this.#ended;
    const stageMs = "ms" in this.#stage.size ? this.#stage.size.ms : 0;
    this.#ended = { stages: stages + 1, ms: ms + stageMs };
    this.#stage = undefined;
  }

  /** Removes the line. */
  end(): void {
    this.#line?.end();
  }

  /** Begins to draw; a process that must not writes its sentence instead. */
  #show(): void {
    const isDrawn = canDraw(this.#screen);
    if (!this.#isAnnounced && this.#screen.hasStderr && !(isDrawn && this.#screen.isForeground())) {
      const size = this.#stage?.size;
      const length = size && "ms" in size && this.#position === undefined
        ? `, for ${(this.#stages * size.ms) / 1e3} s`
        : "";
      this.#begin(`${startText(this.#start)}${length}`);
    }
    this.#isAnnounced = true;
    // It also begins in the background, because the user may move the process to the foreground.
    const screen = isDrawn ? this.#screen : { ...this.#screen, isForeground: () => false };
    this.#line ??= new StatusLine(screen, (columns, nowMs) => this.text(columns, nowMs));
    this.#line.draw();
  }

  /** The line at a time. */
  text(columns: number, nowMs: number): string {
    const stage = this.#stage;
    const prefix = this.#position === undefined ? "" : `${this.#position.label}: `;
    if (stage === undefined) {
      const leftMs = this.#start === undefined ? 0 : this.#start.unixMs - machineClock.unixMs();
      return leftMs > 0
        ? `${startText(this.#start)}, in ${(leftMs / 1e3).toFixed(1)} s`
        : `${prefix}${
          this.#ended.stages < this.#stages ? "preparing a stage" : "removing the keys"
        }`;
    }
    const { share, time } = this.#timeOf(stage, nowMs);
    const rate = Math.round(stage.meter.perSecond(nowMs, stage.done)).toLocaleString("en-US");
    const label = `${prefix}${stage.label}`;
    const rest = `${time}, ${rate} ops/s`;
    const room = Math.min(MAX_BAR, columns - label.length - rest.length - 2);
    return share === undefined || room < MIN_BAR
      ? `${label} ${rest}`
      : `${label} ${barText(share, room)} ${rest}`;
  }

  #timeOf(
    { size, startedMs, done }: CurrentStage,
    nowMs: number,
  ): { readonly share: number | undefined; readonly time: string } {
    const passedMs = nowMs - (this.#startedMs ?? nowMs);
    const left = this.#position?.left;
    if (this.#position !== undefined) {
      const time = seconds(passedMs);
      if (left === undefined) return { share: undefined, time };
      const leftMs = Math.max(0, left.ms - (nowMs - left.atMs));
      const share = passedMs / Math.max(1, passedMs + leftMs);
      return { share, time: `${time}, about ${seconds(leftMs)} left` };
    }
    if ("ms" in size) {
      const doneMs = this.#ended.ms + Math.min(size.ms, nowMs - startedMs);
      const totalMs = this.#ended.ms + (this.#stages - this.#ended.stages) * size.ms;
      return {
        share: doneMs / totalMs,
        time: `${(doneMs / 1e3).toFixed(1)} of ${(totalMs / 1e3).toFixed(1)} s`,
      };
    }
    const share = (this.#ended.stages + Math.min(1, done / size.ops)) / this.#stages;
    return { share, time: `${Math.floor(100 * share)}%, ${seconds(passedMs)}` };
  }
}

function startText(start: AlignedStart | undefined): string {
  if (start === undefined) return `begins at ${clockText(machineClock.unixMs())}`;
  const { unixMs, others } = start;
  return `begins at ${clockText(unixMs)} together with ${others} other${others === 1 ? "" : "s"}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1e3)} s`;
}
