/** Holds work to a rate, so that a flood of it leaves the rest of the process alone (I9). */
import { sleep } from "../../base/clock.ts";

/** What may be spent in a time; what was spent too much is waited for. */
export class RateLimit {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #signal: AbortSignal;
  readonly #now: () => number;
  #left: number;
  #atMs: number;

  /**
   * @param perSecond what is earned in a second, in any unit
   * @param burst the most that is saved up, in the same unit
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

  /** Notes what was spent, be it there or not. */
  spend(amount: number): void {
    this.#earn();
    this.#left -= amount;
  }

  /** How long until nothing is owed, in milliseconds; 0 where nothing is. */
  get debtMs(): number {
    this.#earn();
    return Math.max(0, -this.#left / this.#perMs);
  }

  /** Waits until nothing is owed. */
  async waitForCredit(): Promise<void> {
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

/** Work of many, one piece after another in the order asked for, within a budget of milliseconds. */
export class ThrottledWork {
  readonly #budget: RateLimit;
  readonly #signal: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param msPerSecond time that the work may take, in milliseconds a second
   * @param burstMs time that is saved up at the most, in milliseconds
   * @param signal refuses all that waits
   */
  constructor(msPerSecond: number, burstMs: number, signal: AbortSignal) {
    this.#budget = new RateLimit(msPerSecond, burstMs, signal);
    this.#signal = signal;
  }

  /**
   * Does a piece of work in its turn. Its length is the caller's to bound.
   *
   * @throws what the work throws, and the signal's reason
   */
  run<T>(work: () => T): Promise<T> {
    const result = this.#last.then(async () => {
      await this.#budget.waitForCredit();
      this.#signal.throwIfAborted();
      const startMs = performance.now();
      try {
        return work();
      } finally {
        this.#budget.spend(performance.now() - startMs);
      }
    });
    this.#last = result.then(() => {}, () => {});
    return result;
  }

  /** Notes work that is done elsewhere, and waits until there is time for more. */
  runElsewhere(ms: number): Promise<void> {
    this.#budget.spend(ms);
    return this.#budget.waitForCredit();
  }
}
