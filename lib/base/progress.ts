/** A progress bar on stderr, where that is a terminal; nothing elsewhere. */
import { Presets, SingleBar } from "cli-progress";

/** Shows how far a stage is. */
export interface Progress {
  /** Counts one operation. */
  step(): void;
  /** Says how many there are now. */
  reach(done: number): void;
  /** Takes the bar away. */
  end(): void;
}

const NONE: Progress = { step() {}, reach() {}, end() {} };

/** How often the bar is drawn, in operations at least: drawing costs the client time. */
const STEPS_PER_DRAW = 200;

/**
 * Begins a bar.
 *
 * @param label what is counted
 * @param total operations
 * @param isShown false: no bar even on a terminal
 */
export function beginProgress(label: string, total: number, isShown: boolean): Progress {
  if (!isShown || !Deno.stderr.isTerminal()) return NONE;
  const bar = new SingleBar({
    format: `${label.padEnd(7)} {bar} {percentage}% {value}/{total} ETA {eta} s`,
    clearOnComplete: true,
    hideCursor: false, // or Ctrl-C would leave the terminal without one
    fps: 10,
  }, Presets.shades_classic);
  bar.start(total, 0);
  let done = 0;
  return {
    step() {
      if (++done % STEPS_PER_DRAW === 0) bar.update(done);
    },
    reach(count) {
      done = count;
      bar.update(done);
    },
    end() {
      bar.stop();
    },
  };
}
