/** A signal for the end of a time. */

/** Aborts after a time, or with another signal; its timer goes with it. */
export class TimeLimit implements Disposable {
  readonly signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;

  /** @param other ends it early (default: none) */
  constructor(ms: number, other?: AbortSignal) {
    const over = new AbortController();
    this.#timer = setTimeout(() => over.abort(), ms);
    this.signal = other === undefined ? over.signal : AbortSignal.any([over.signal, other]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
