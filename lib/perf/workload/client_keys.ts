/** Which keys of the run each client has put into the table, and has not taken away yet. */

/**
 * The keys of one client. Its n-th key has the number `n * clients + client`, so that the clients'
 * keys together are those from 0 on, without gaps.
 */
export class ClientKeys {
  /** Most keys of this client (`--keys`), or Infinity. */
  readonly limit: number;
  /** Keys from here to `end` are in the table, as far as their inserts succeeded. */
  first = 0;
  end = 0;
  /** The next key that a mixed load adds: beyond all that are looked up. */
  nextNew: number;
  /** Numbers of the keys that a warm-up inserted, and has not removed for certain. */
  readonly warmup: Set<number> = new Set();
  readonly #client: number;
  readonly #clients: number;
  #reserve: number[] = [];
  #reserveTaken = 0;

  /**
   * @param client from 0
   * @param clients of the run
   * @param keys of the run, of all clients (default: as many as are inserted)
   */
  constructor(client: number, clients: number, keys: number | undefined) {
    this.#client = client;
    this.#clients = clients;
    this.limit = keys === undefined ? Infinity : Math.ceil((keys - client) / clients);
    this.nextNew = Math.ceil((keys ?? 0) / clients);
  }

  /** The number of this client's n-th key. */
  number(n: number): number {
    return n * this.#clients + this.#client;
  }

  /** Number of keys in the reserve. */
  get reserve(): number {
    return this.#reserve.length - this.#reserveTaken;
  }

  /** Takes a key into the reserve: one that a mixed load inserted and may remove again. */
  addToReserve(number: number): void {
    this.#reserve.push(number);
  }

  /** Takes the oldest key from the reserve. */
  takeFromReserve(): number | undefined {
    const number = this.#reserve[this.#reserveTaken];
    if (number === undefined) return undefined;
    // The array is cut now and then, not for every key: that would move the rest each time.
    if (++this.#reserveTaken > 1_024 && this.#reserveTaken * 2 > this.#reserve.length) {
      this.#reserve = this.#reserve.slice(this.#reserveTaken);
      this.#reserveTaken = 0;
    }
    return number;
  }

  /** Takes away, one by one, the numbers of all keys that are left. */
  takeNext(): number | undefined {
    return this.first < this.end ? this.number(this.first++) : this.takeFromReserve();
  }
}
