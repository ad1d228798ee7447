/** The keys of each client that are in the table. */
import { Fifo } from "../../base/fifo.ts";

/**
 * The keys of one client. Its n-th key has the number `n * clients + client`, so the keys of all
 * clients together are numbered from 0 without gaps.
 */
export class ClientKeys {
  /** Maximum number of keys of this client (`--keys`), or Infinity. */
  readonly limit: number;
  /** Keys from `first` to below `end` are in the table, except those whose inserts failed. */
  first = 0;
  end = 0;
  /** The next key that a mixed load adds. It is above all keys that are looked up. */
  nextNew: number;
  /** Numbers of the keys that a warm-up inserted and may not have removed. */
  readonly warmup: Set<number> = new Set();
  readonly #client: number;
  readonly #clients: number;
  readonly #reserve = new Fifo<number>();

  /**
   * @param client from 0
   * @param clients number of clients of the run
   * @param keys number of keys of all clients (default: one for each insert)
   */
  constructor(client: number, clients: number, keys: number | undefined) {
    this.#client = client;
    this.#clients = clients;
    this.limit = keys === undefined ? Infinity : Math.ceil((keys - client) / clients);
    this.nextNew = Math.ceil((keys ?? 0) / clients);
  }

  /** Returns the number of this client's n-th key. */
  number(n: number): number {
    return n * this.#clients + this.#client;
  }

  /** Number of keys in the reserve. */
  get reserve(): number {
    return this.#reserve.length;
  }

  /** Adds a key to the reserve: a mixed load inserted it and may remove it again. */
  addToReserve(number: number): void {
    this.#reserve.push(number);
  }

  /** Removes the oldest key of the reserve, and returns it. */
  takeFromReserve(): number | undefined {
    return this.#reserve.shift();
  }

  /** Takes the next key that is left in the table. */
  takeNext(): number | undefined {
    return this.first < this.end ? this.number(this.first++) : this.takeFromReserve();
  }
}
