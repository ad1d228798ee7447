/** A progress bar for a task of known size, on the terminal of stderr. */
import { RateMeter } from "./rate_meter.ts";
import { barText, canDraw, type Screen, StatusLine } from "./status_line.ts";

/** Shows the progress of a task, and its rate. */
export interface Progress {
  /** Adds one to the count. It takes almost no time. */
  step(): void;
  /** Sets the count, and draws: for tasks that block the event loop. */
  reach(done: number): void;
  /** Removes the bar. */
  end(): void;
}

const NONE: Progress = { step() {}, reach() {}, end() {} };

/** Characters of the bar itself, so that the line has room for a label and numbers. */
const BAR_CHARS = 24;

/**
 * Starts a bar that is full at a total.
 *
 * @param label the task
 * @param total the count at the end
 * @param unit of the count
 */
export function startProgress(
  label: string,
  total: number,
  screen: Screen,
  unit: string,
): Progress {
  if (!canDraw(screen)) return NONE;
  const meter = new RateMeter(performance.now());
  let done = 0;
  const line = new StatusLine(screen, (_, nowMs) => {
    const perS = meter.perSecond(nowMs, done);
    const share = total > 0 ? done / total : 1;
    const left = perS > 0 ? `, ${Math.ceil((total - done) / perS)} s left` : "";
    return `${label} ${barText(share, BAR_CHARS)} ${Math.floor(100 * share)}%, ${
      Math.round(perS).toLocaleString("en-US")
    } ${unit}/s${left}`;
  });
  return {
    step: () => void done++,
    reach(count) {
      done = count;
      line.draw();
    },
    end: () => line.end(),
  };
}
