/** Rate limits (token buckets), so that a flood of work leaves time for the rest of the process (I9). */
import { sleep } from "../../base/clock.ts";

/** A token bucket. Work may exceed it; the excess is a debt, and the next work waits until it is paid. */
export class RateLimit {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #signal: AbortSignal;
  readonly #now: () => number;
  #left: number;
  #atMs: number;

  /**
   * @param perSecond rate, in any unit
   * @param burst largest credit, in the same unit
   * @param signal ends all waits at once
   * @param now the time in milliseconds (default: the monotonic clock)
   */
  constructor(
    perSecond: number,
    burst: number,
    signal: AbortSignal,
    now: () => number = () => performance.now(),
  ) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#signal = signal;
    this.#now = now;
    this.#left = burst;
    this.#atMs = now();
  }

  /** Spends an amount, even if the credit is smaller. */
  spend(amount: number): void {
    this.#earn();
    this.#left -= amount;
  }

  /** Time until the debt is paid, in milliseconds; 0 without a debt. */
  get debtMs(): number {
    this.#earn();
    return Math.max(0, -this.#left / this.#perMs);
  }

  /** Waits until the debt is paid. */
  async payDebt(): Promise<void> {
    for (;;) {
      const ms = this.debtMs;
      if (ms === 0 || !(await sleep(ms, this.#signal))) return;
    }
  }

  #earn(): void {
    const nowMs = this.#now();
    this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
  }
}

/** Runs pieces of work one after another, at most some milliseconds in each second. */
export class ThrottledWork {
  readonly #limit: RateLimit;
  readonly #signal: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param msPerSecond time for work, in milliseconds per second
   * @param burstMs largest credit, in milliseconds
   * @param signal rejects all waiting work
   */
  constructor(msPerSecond: number, burstMs: number, signal: AbortSignal) {
    this.#limit = new RateLimit(msPerSecond, burstMs, signal);
    this.#signal = signal;
  }

  /**
   * Runs a piece of work after all earlier ones. The caller bounds its duration.
   *
   * @throws an error of the work, or the signal's reason
   */
  run<T>(work: () => T): Promise<T> {
    const result = this.#last.then(async () => {
      await this.#limit.payDebt();
      this.#signal.throwIfAborted();
      const startMs = performance.now();
      try {
        return work();
      } finally {
        this.#limit.spend(performance.now() - startMs);
      }
    });
    this.#last = result.then(() => {}, () => {});
    return result;
  }

  /** Counts work of the caller, and waits until its debt is paid. */
  spend(ms: number): Promise<void> {
    this.#limit.spend(ms);
    return this.#limit.payDebt();
  }
}
