/** How often something happens at present. */

/** How far back it looks, in milliseconds: less would flicker, more would lag behind. */
const WINDOW_MS = 1_000;

/** Looks at a count from time to time, and says how fast it grows. */
export class RateMeter {
  /** From the last look that is at least a window ago; the first one is the start. */
  readonly #looks: { readonly ms: number; readonly count: number }[];

  /** @param startMs by any clock */
  constructor(startMs: number) {
    this.#looks = [{ ms: startMs, count: 0 }];
  }

  /**
   * Looks at the count.
   *
   * @param nowMs by the same clock
   * @param count so far
   * @returns how much it grows in a second, over the last second or since the start
   */
  perSecond(nowMs: number, count: number): number {
    this.#looks.push({ ms: nowMs, count });
    while ((this.#looks[1]?.ms ?? nowMs) <= nowMs - WINDOW_MS) this.#looks.shift();
    const oldest = this.#looks[0] ?? { ms: nowMs, count };
    const passedMs = nowMs - oldest.ms;
    return passedMs > 0 ? (count - oldest.count) / passedMs * 1e3 : 0;
  }
}
