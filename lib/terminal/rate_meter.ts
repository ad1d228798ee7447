/** A rate meter: the growth of a count over the last second. */

/** Length of the measured interval, in milliseconds: a shorter one flickers, a longer one lags. */
const WINDOW_MS = 1_000;

/** Computes a rate from samples of a count. */
export class RateMeter {
  /** Samples from the latest one that is at least a window old; the first one is the start. */
  readonly #samples: { readonly ms: number; readonly count: number }[];

  /** @param startMs by any clock */
  constructor(startMs: number) {
    this.#samples = [{ ms: startMs, count: 0 }];
  }

  /**
   * Takes a sample.
   *
   * @param nowMs by the same clock
   * @param count so far
   * @returns the growth per second, over the last second or since the start
   */
  perSecond(nowMs: number, count: number): number {
    this.#samples.push({ ms: nowMs, count });
    while ((this.#samples[1]?.ms ?? nowMs) <= nowMs - WINDOW_MS) this.#samples.shift();
    const oldest = this.#samples[0] ?? { ms: nowMs, count };
    const passedMs = nowMs - oldest.ms;
    return passedMs > 0 ? (count - oldest.count) / passedMs * 1e3 : 0;
  }
}
