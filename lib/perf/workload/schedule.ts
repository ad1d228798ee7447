/**
 * When the requests of an open loop are to start: a fixed schedule that does not wait for the server,
 * so that a request that leaves late because of it counts as late (no "coordinated omission").
 */

/**
 * Requests in flight for one client of an open loop. Further ones leave when earlier ones are
 * answered; their latency counts from the intended start all the same.
 */
export const MAX_IN_FLIGHT = 10_000;

/** The intended starts of all clients together: every 1/rate seconds, each client in turn. */
export class Schedule {
  readonly #intervalMs: number;
  readonly #clients: number;

  /**
   * @param ratePerS requests each second, of all clients together
   * @param clients which take turns
   */
  constructor(ratePerS: number, clients: number) {
    this.#intervalMs = 1_000 / ratePerS;
    this.#clients = clients;
  }

  /** When request k of all (from 0) is due, in milliseconds after the start. */
  dueMs(k: number): number {
    return k * this.#intervalMs;
  }

  /** Which client's turn request k is, from 0. */
  clientOf(k: number): number {
    return k % this.#clients;
  }

  /** When request j of one client (both from 0) is due, in milliseconds after the start. */
  ownDueMs(client: number, j: number): number {
    return this.dueMs(j * this.#clients + client);
  }

  /** How many requests are due before that moment, in milliseconds after the start. */
  countBefore(ms: number): number {
    // Whether the one at the edge is due follows from the same arithmetic as its own time.
    let count = Math.max(0, Math.floor(ms / this.#intervalMs));
    while (this.dueMs(count) < ms) count++;
    while (count > 0 && this.dueMs(count - 1) >= ms) count--;
    return count;
  }
}
