/** The controls of a sweep, and how much slower than usual the machine was during a round. */
import { mean, quantile } from "../analysis/statistics.ts";
import type { ControlData } from "../results/sweep_data.ts";

/**
 * The usual speed is this quantile of all controls: the machine can be slow during most of a sweep, and
 * a few controls are faster than the rest.
 */
const USUAL_QUANTILE = 0.75;

/** A slower control is measured again. On a quiet machine, controls differ by 4%. */
const SLOW_SHARE = 0.8;

/** Measures controls and compares them. */
export class ControlHistory {
  readonly #measure: () => Promise<ControlData>;
  readonly #all: ControlData[] = [];

  constructor(measure: () => Promise<ControlData>) {
    this.#measure = measure;
  }

  /**
   * Measures one control. If it is slow, a second one follows, and the faster one counts: a slow moment
   * of less than a control's length does not matter for a stage.
   */
  async next(): Promise<ControlData> {
    // The first one compiles the code of the control.
    if (this.#all.length === 0) await this.#measure();
    const control = await this.#measure();
    this.#all.push(control);
    const share = this.#share(control);
    if (share >= SLOW_SHARE) return control;
    const second = await this.#measure();
    if (this.#share(second) <= share) return control;
    this.#all.splice(-1, 1, second);
    return second;
  }

  /** Computes the speed of the machine at some controls, as a share of the usual one, at most 1. */
  meanShare(controls: readonly ControlData[]): number {
    return mean(controls.map((control) => Math.min(1, this.#share(control))));
  }

  /** Computes the share of one control, of the figure that is slower. */
  #share({ workPerS, echoesPerS }: ControlData): number {
    const work = workPerS / usual(this.#all.map((one) => one.workPerS));
    if (echoesPerS === null) return work;
    return Math.min(work, echoesPerS / usual(this.#all.flatMap((one) => one.echoesPerS ?? [])));
  }
}

function usual(speeds: readonly number[]): number {
  return quantile(speeds, USUAL_QUANTILE);
}

/** Computes the mean of each figure. */
export function meanControl(controls: readonly ControlData[]): ControlData {
  const echoes = controls.flatMap(({ echoesPerS }) => echoesPerS ?? []);
  return {
    workPerS: mean(controls.map(({ workPerS }) => workPerS)),
    echoesPerS: echoes.length === 0 ? null : mean(echoes),
  };
}
