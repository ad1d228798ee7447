/** A virtual clock, which jumps from one event to the next: waits of minutes end at once, and are exact. */
import type { Clock } from "../../lib/base/clock.ts";

/** Unix time at the zero of the clock, in milliseconds. */
export const VIRTUAL_EPOCH_MS = 1_800_000_000_000;

/** Maximum number of moments of a run. */
const MAX_MOMENTS = 300_000;

interface Timer {
  readonly atMs: number;
  readonly resolve: () => void;
}

/** A virtual clock. Time passes only during `run`. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  readonly #resolutionMs: number;
  /** Timers by their moment. */
  readonly #moments = new Map<number, Timer[]>();
  /** The moments in order: a binary heap. */
  readonly #heap: number[] = [];

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
      const timers = this.#moments.get(atMs);
      if (timers) return void timers.push({ atMs, resolve });
      this.#moments.set(atMs, [{ atMs, resolve }]);
      this.#push(atMs);
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
      const atMs = this.#pop();
      if (atMs === undefined) throw new Error("the work waits, but no timer is left");
      this.#nowMs = Math.max(this.#nowMs, atMs);
      const timers = this.#moments.get(atMs) ?? [];
      this.#moments.delete(atMs);
      for (const { resolve } of timers) resolve();
    }
  }

  #push(atMs: number): void {
    const heap = this.#heap;
    let at = heap.push(atMs) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] ?? 0) <= atMs) break;
      heap[at] = heap[parent] ?? 0;
      at = parent;
    }
    heap[at] = atMs;
  }

  #pop(): number | undefined {
    const heap = this.#heap;
    const [top] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
      if (child >= heap.length || (heap[child] ?? 0) >= last) break;
      heap[at] = heap[child] ?? 0;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
