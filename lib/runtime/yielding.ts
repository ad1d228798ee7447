/**
 * A yielder: makes the code that does much work pause until the sockets were polled.
 *
 * The runtime polls the system (epoll) when it has nothing else to do, and otherwise only after about 60
 * rounds of its event loop. Reads and writes that finish at once, pending connections and `setImmediate`
 * give it something to do in each round. With rounds of 4 ms, all other clients would wait for 250 ms
 * (measured). So after `MAX_BUSY_MS`, all such code waits for the next poll together, because any part of it
 * would keep the runtime from polling. Then the parts resume one by one, until the next poll is due.
 */
import { Fifo } from "../base/fifo.ts";
import { MAX_BUSY_MS } from "../base/limits.ts";

/** Decides when work pauses. */
export interface Yielder {
  /**
   * Called between two pieces of work if the second one could start at once.
   *
   * @param isBatch whether the work is a batch of the command queue, which resumes first
   * @returns a promise to wait for; undefined: the caller need not pause
   */
  yield(isBatch?: boolean): Promise<void> | undefined;
}

/** The yielder of one process. */
export class EventLoopYielder implements Yielder {
  readonly #poll: () => Promise<unknown>;
  readonly #batches = new Fifo<() => void>();
  readonly #others = new Fifo<() => void>();
  #pausing: Promise<void> | undefined;
  #polledMs = performance.now();

  /** @param poll waits until the sockets were polled; never rejects */
  constructor(poll: () => Promise<unknown>) {
    this.#poll = poll;
  }

  yield(isBatch: boolean = false): Promise<void> | undefined {
    if (this.#pausing === undefined && performance.now() - this.#polledMs < MAX_BUSY_MS) {
      return undefined;
    }
    const paused = new Promise<void>((resume) =>
      (isBatch ? this.#batches : this.#others).push(resume)
    );
    this.#pausing ??= this.#pollAndResume();
    return paused;
  }

  /** Waits until no work is paused. */
  async settled(): Promise<void> {
    await this.#pausing;
  }

  async #pollAndResume(): Promise<void> {
    while (this.#batches.length + this.#others.length > 0) {
      await this.#poll();
      this.#polledMs = performance.now();
      for (let left = this.#batches.length; left > 0; left--) await resumeFirst(this.#batches);
      const startMs = performance.now();
      while (this.#others.length > 0 && performance.now() - startMs < MAX_BUSY_MS) {
        await resumeFirst(this.#others);
      }
    }
    this.#pausing = undefined;
  }
}

/** Resumes the first paused work, and returns when that work waits for something else. */
async function resumeFirst(paused: Fifo<() => void>): Promise<void> {
  paused.shift()?.();
  // Microtasks of that work come before these.
  for (let step = 0; step < 3; step++) await undefined;
}
