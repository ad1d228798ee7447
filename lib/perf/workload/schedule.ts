/**
 * The schedule of an open loop: intended starts of requests, which do not depend on replies. A request
 * that leaves late because of the server then counts as late (no "coordinated omission").
 */

/**
 * Maximum number of requests in flight for one client of an open loop. Further requests leave when
 * replies to earlier ones arrive; their latency still counts from the intended start.
 */
export const MAX_IN_FLIGHT = 10_000;

/** The intended starts of all clients: one each 1/rate seconds, of one client after another. */
export class Schedule {
  readonly #intervalMs: number;
  readonly #clients: number;

  /**
   * @param ratePerS requests each second, of all clients together
   * @param clients number of clients, which take turns
   */
  constructor(ratePerS: number, clients: number) {
    this.#intervalMs = 1_000 / ratePerS;
    this.#clients = clients;
  }

  /** Returns the time at which request k of all (from 0) is due, in milliseconds after the start. */
  dueMs(k: number): number {
    return k * this.#intervalMs;
  }

  /** Returns the client (from 0) that sends request k. */
  clientOf(k: number): number {
    return k % this.#clients;
  }

  /** Returns the time at which request j of a client (both from 0) is due, in milliseconds. */
  ownDueMs(client: number, j: number): number {
    return this.dueMs(j * this.#clients + client);
  }

  /** Counts the requests that are due before a moment, in milliseconds after the start. */
  countBefore(ms: number): number {
    // The request at the edge is decided by the same arithmetic as its own time.
    let count = Math.max(0, Math.floor(ms / this.#intervalMs));
    while (this.dueMs(count) < ms) count++;
    while (count > 0 && this.dueMs(count - 1) >= ms) count--;
    return count;
  }
}
