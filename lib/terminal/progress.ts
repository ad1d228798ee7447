/** A progress bar on stderr, where that is a terminal; nothing elsewhere. */
import { Presets, SingleBar } from "cli-progress";
import { RateMeter } from "./rate_meter.ts";

/** Shows how far something is, and how fast it goes. */
export interface Progress {
  /** Counts one, or so many. Costs next to nothing. */
  step(count?: number): void;
  /** Says how many there are now; also draws, where nothing else is let to run meanwhile. */
  reach(done: number): void;
  /** Takes the bar away. */
  end(): void;
}

const NONE: Progress = { step() {}, reach() {}, end() {} };

/** How often the bar is drawn, in milliseconds: drawing costs the client time. */
const DRAW_EVERY_MS = 200;

/** Characters of the bar itself: the line has to fit beside a label and numbers. */
const BAR_CHARS = 24;

/**
 * Begins a bar that is full when all is done.
 *
 * @param label what is counted; in a sweep also with how many clients, and in which repeat
 * @param total number of them
 * @param isShown false: no bar even on a terminal
 * @param unit of what is counted (default: operations)
 */
export function beginProgress(
  label: string,
  total: number,
  isShown: boolean,
  unit = "ops",
): Progress {
  const format = `${
    label.padEnd(7)
  } {bar} {percentage}% {value}/{total}, {rate} ${unit}/s, ETA {eta} s`;
  return begin(format, total, isShown, (done) => done);
}

/**
 * Begins a bar that is full when the time is over, where nobody knows how many operations there
 * will be. The time begins with the first one.
 *
 * @param label as above
 * @param durationMs in milliseconds
 * @param isShown as above
 */
export function beginTimedProgress(label: string, durationMs: number, isShown: boolean): Progress {
  let startedMs: number | undefined;
  const passedMs = (done: number, nowMs: number) => {
    if (done > 0) startedMs ??= nowMs;
    return nowMs - (startedMs ?? nowMs);
  };
  const format = `${label.padEnd(7)} {bar} {percentage}% of ${durationMs / 1e3} s, {rate} ops/s`;
  return begin(format, durationMs, isShown, passedMs);
}

/** @param valueAt how far the bar is, by what is done and by the time */
function begin(
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
    hideCursor: false, // or Ctrl-C would leave the terminal without one
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
  // By the clock, not by steps: slow ones are shown as they come, and fast ones cost nothing.
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
