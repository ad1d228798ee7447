/**
 * Sees to it that sockets get their turn while there is always something left to do.
 *
 * The runtime asks the system what has come (epoll) when it has nothing left to do, and otherwise only
 * after some sixty rounds of its event loop. Reads and writes that are done at once, connections that
 * wait to be accepted, and `setImmediate` give it something to do in each round: with rounds of 4 ms
 * everybody else waits for a quarter of a second (measured). So whoever does much waits for a timer now
 * and then: all of them together, or the runtime does not come to rest.
 */
import { MAX_BUSY_MS } from "../base/limits.ts";

/** Says when to wait for the others. */
export interface Pacing {
  /**
   * To be asked between two pieces of work of which the second could begin at once.
   *
   * @returns what to wait for first; undefined where it is not time yet
   */
  rest(): Promise<void> | undefined;
}

/** What all that do much work in one process share. */
export class Pace implements Pacing {
  #resting: Promise<void> | undefined;
  #restedMs = performance.now();

  rest(): Promise<void> | undefined {
    if (this.#resting === undefined && performance.now() - this.#restedMs > MAX_BUSY_MS) {
      // It takes a little more than a millisecond. What other threads do would take less, such as making a
      // digest, but it may be done before the runtime has come to rest.
      this.#resting = new Promise((resolve) => setTimeout(resolve)).then(() => {
        this.#restedMs = performance.now();
        this.#resting = undefined;
      });
    }
    return this.#resting;
  }

  /** Waits until nobody rests. */
  async settled(): Promise<void> {
    await this.#resting;
  }
}
