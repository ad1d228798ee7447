/** The time limit of a run, and the share of each of its parts. */
import { OutOfTime } from "../harness/interrupt.ts";

/** A time limit that is divided among the remaining parts, by their weights. */
export class TimeBudget {
  readonly #endMs: number;
  readonly #whole: AbortSignal;
  readonly #nowMs: () => number;

  /**
   * @param ms for all parts together, from now on
   * @param whole ends all parts
   * @param nowMs the clock (default: that of the machine)
   */
  constructor(ms: number, whole: AbortSignal, nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#endMs = nowMs() + ms;
    this.#whole = whole;
  }

  /** The remaining time, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.#endMs - this.#nowMs());
  }

  /**
   * Starts a part.
   *
   * @param weight of the part
   * @param laterWeight of all later parts
   * @returns its share, to be disposed at its end
   */
  share(weight: number, laterWeight: number): TimeShare {
    return new TimeShare(this.shareMs(weight, laterWeight), this.#whole);
  }

  /** The time of a part, in milliseconds (parameters as above). */
  shareMs(weight: number, laterWeight: number): number {
    return this.leftMs * weight / (weight + laterWeight);
  }
}

/** The time of one part. */
export class TimeShare implements Disposable {
  /** Aborted at the end of the share, or with the whole run. */
  readonly signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(ms: number, whole: AbortSignal) {
    const own = new AbortController();
    const reason = new OutOfTime(`its time was up after ${(ms / 1e3).toFixed(0)} s`);
    this.#timer = setTimeout(() => own.abort(reason), ms);
    this.signal = AbortSignal.any([whole, own.signal]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
