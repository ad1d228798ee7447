/** A progress bar on stderr, if stderr is a terminal. */
import { Presets, SingleBar } from "cli-progress";
import { RateMeter } from "./rate_meter.ts";

/** Shows the progress of a task, and its rate. */
export interface Progress {
  /** Adds to the count (default: 1). It takes almost no time. */
  step(count?: number): void;
  /** Sets the count, and draws: for tasks that block the event loop, and with it the timer. */
  reach(done: number): void;
  /** Removes the bar. */
  end(): void;
}

const NONE: Progress = { step() {}, reach() {}, end() {} };

/** Time between two drawings, in milliseconds: drawing delays the client. */
const DRAW_EVERY_MS = 200;

/** Characters of the bar itself, so that the line has room for a label and numbers. */
const BAR_CHARS = 24;

/**
 * Starts a bar that is full at a total.
 *
 * @param label the task; in a sweep also its clients and repeat
 * @param total the count at the end
 * @param isShown whether to draw it on a terminal
 * @param unit of the count (default: operations)
 */
export function startProgress(
  label: string,
  total: number,
  isShown: boolean,
  unit = "ops",
): Progress {
  const format = `${
    label.padEnd(7)
  } {bar} {percentage}% {value}/{total}, {rate} ${unit}/s, ETA {eta} s`;
  return startBar(format, total, isShown, (done) => done);
}

/**
 * Starts a bar that is full after a time, for a task with an unknown number of operations. The time
 * starts with the first operation.
 *
 * @param label as for `startProgress`
 * @param durationMs in milliseconds
 * @param isShown as for `startProgress`
 */
export function startTimedProgress(label: string, durationMs: number, isShown: boolean): Progress {
  let startedMs: number | undefined;
  const passedMs = (done: number, nowMs: number) => {
    if (done > 0) startedMs ??= nowMs;
    return nowMs - (startedMs ?? nowMs);
  };
  const format = `${label.padEnd(7)} {bar} {percentage}% of ${durationMs / 1e3} s, {rate} ops/s`;
  return startBar(format, durationMs, isShown, passedMs);
}

/** Starts a bar. @param valueAt returns the value of the bar for a count and a time */
function startBar(
  format: string,
  total: number,
  isShown: boolean,
  valueAt: (done: number, nowMs: number) => number,
): Progress {
  if (!isShown || !Deno.stderr.isTerminal()) return NONE;
  const bar = new SingleBar({
    format,
    barsize: BAR_CHARS,
    clearOnComplete: true,
    hideCursor: false, // otherwise Ctrl-C leaves the terminal without a cursor
    fps: 10,
  }, Presets.shades_classic);
  const meter = new RateMeter(performance.now());
  let done = 0;
  let drawnMs = 0;
  bar.start(total, 0, { rate: "0" });
  const draw = () => {
    const nowMs = performance.now();
    if (nowMs - drawnMs < DRAW_EVERY_MS / 2) return;
    drawnMs = nowMs;
    const rate = Math.round(meter.perSecond(nowMs, done)).toLocaleString("en-US");
    bar.update(Math.min(total, valueAt(done, nowMs)), { rate });
  };
  // A timer, so that slow steps are shown in time, and fast steps take no time to draw.
  const timer = setInterval(draw, DRAW_EVERY_MS);
  return {
    step(count = 1) {
      done += count;
    },
    reach(count) {
      done = count;
      draw();
    },
    end() {
      clearInterval(timer);
      bar.stop();
    },
  };
}
