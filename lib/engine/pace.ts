/**
 * Sees to it that sockets get their turn while there is always something left to do.
 *
 * The runtime asks the system what has come (epoll) when it has nothing left to do, and otherwise only
 * after some sixty rounds of its event loop. Reads and writes that are done at once, connections that
 * wait to be accepted, and `setImmediate` give it something to do in each round: with rounds of 4 ms
 * everybody else waits for a quarter of a second (measured). So whoever does much waits now and then
 * for something that another thread does, however little: all others together, or nobody comes to rest.
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

const LITTLE = new Uint8Array(1);

/** What all that do much work in one process share. */
export class Pace implements Pacing {
  #resting: Promise<void> | undefined;
  #restedMs = performance.now();

  rest(): Promise<void> | undefined {
    if (this.#resting === undefined && performance.now() - this.#restedMs > MAX_BUSY_MS) {
      this.#resting = this.#comeToRest();
    }
    return this.#resting;
  }

  /** Waits until nobody rests. */
  async settled(): Promise<void> {
    await this.#resting;
  }

  async #comeToRest(): Promise<void> {
    // Of all that the runtime gives to another thread this takes the least, some 0.1 ms; `setTimeout` takes
    // more than a millisecond. Twice, since the first may be done before all others have come to rest.
    await crypto.subtle.digest("SHA-1", LITTLE);
    await crypto.subtle.digest("SHA-1", LITTLE);
    this.#restedMs = performance.now();
    this.#resting = undefined;
  }
}
