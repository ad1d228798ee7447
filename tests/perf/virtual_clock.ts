/** A virtual clock, which jumps from one event to the next: waits of minutes end at once, and are exact. */
import type { Clock } from "../../lib/base/clock.ts";

/** Unix time at the zero of the clock, in milliseconds. */
export const VIRTUAL_EPOCH_MS = 1_800_000_000_000;

/** Maximum number of moments of a run. */
const MAX_MOMENTS = 300_000;

/** A virtual clock. Time passes only during `run`. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  readonly #resolutionMs: number;
  /** The functions that end waits, by the moment of their end. */
  readonly #moments = new Map<number, (() => void)[]>();
  /** The moments, in descending order. */
  readonly #queue: number[] = [];

  /** @param resolutionMs unit to which `sleep` rounds up (default 0: exact) */
  constructor(resolutionMs: number = 0) {
    this.#resolutionMs = resolutionMs;
  }

  now(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return VIRTUAL_EPOCH_MS + this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    const step = this.#resolutionMs;
    const rounded = step === 0 ? ms : Math.max(1, Math.ceil(ms / step)) * step;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = () => resolve(false);
    signal?.addEventListener("abort", cancel, { once: true });
    void this.at(this.#nowMs + rounded).then(() => {
      signal?.removeEventListener("abort", cancel);
      resolve(true);
    });
    return promise;
  }

  /** Waits for a moment. */
  at(atMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waits = this.#moments.get(atMs);
      if (waits) return void waits.push(resolve);
      this.#moments.set(atMs, [resolve]);
      const later = this.#queue.findLastIndex((other) => other > atMs);
      this.#queue.splice(later + 1, 0, atMs);
    });
  }

  /** Lets time pass until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = () => void (isDone = true);
    work.then(end, end);
    for (let moments = 0;; moments++) {
      if (moments > MAX_MOMENTS) throw new Error("the work does not end");
      // After one round of the event loop, all work of this moment is done.
      await new Promise<void>((resolve) => void setImmediate(resolve));
      if (isDone) return await work;
      const atMs = this.#queue.pop();
      if (atMs === undefined) throw new Error("the work waits, but no timer is left");
      this.#nowMs = Math.max(this.#nowMs, atMs);
      const waits = this.#moments.get(atMs) ?? [];
      this.#moments.delete(atMs);
      for (const resolve of waits) resolve();
    }
  }
}
