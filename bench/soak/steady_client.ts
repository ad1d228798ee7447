/** A client that stays for the whole soak, and runs all operations at a fixed rate. */
import type { Random } from "../../lib/base/random.ts";
import { ModelClient, type OnFault } from "./model_client.ts";
import { anySize, anyTag, anyValue } from "./values.ts";

const KEYS = 40;

/** The greatest value, in bytes. */
const MAX_BYTES = 1_000_000;

/** Pairs in one part of a scan or a query. */
const PART_PAIRS = 7;

/** The time between two operations, in milliseconds. */
const PERIOD_MS = 40;

/** One client. */
export class SteadyClient {
  /** Its connection, and the keys that must be in the table. */
  readonly model: ModelClient;
  readonly #operations: readonly (readonly [weight: number, run: () => Promise<void>])[];
  /** Operations so far. */
  operations = 0;

  constructor(name: string, random: Random, onFault: OnFault) {
    const model = this.model = new ModelClient(name, KEYS, random, onFault);
    this.#operations = [
      [35, () => this.#insert(model.anyKey(), anySize(MAX_BYTES, random))],
      [30, () => model.lookup(model.anyKey())],
      [12, () => model.remove(model.anyKey())],
      [6, () => model.check(PART_PAIRS)],
      [6, () => model.query(anyTag(name, random), PART_PAIRS)],
      [4, () => this.#compareSize()],
      [4, async () => void await model.client.info()],
      [3, () => model.client.ping()],
    ];
  }

  /** Runs operations until the signal. */
  async work(signal: AbortSignal): Promise<void> {
    this.operations += await this.model.work(PERIOD_MS, () => this.#anyOperation(), signal);
  }

  /** Compares its keys with the model, and gives each the size that it has at every rest. */
  async rest(): Promise<void> {
    await this.model.attempt(() => this.model.check(PART_PAIRS));
    for (let key = 0; key < KEYS; key++) {
      const bytes = Math.round(10 * 1e5 ** (key / (KEYS - 1)));
      await this.model.attempt(() => this.#insert(this.model.key(key), bytes));
    }
  }

  async #anyOperation(): Promise<void> {
    const all = this.#operations.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.model.random.below(all);
    const [, run] = this.#operations.find(([weight]) => (left -= weight) < 0) ?? [];
    await run?.();
  }

  #insert(key: string, bytes: number): Promise<void> {
    return this.model.insert(key, anyValue(this.model.name, bytes, this.model.random));
  }

  async #compareSize(): Promise<void> {
    const size = await this.model.client.size();
    const own = this.model.size;
    if (size < own) this.model.fault(`size gave ${size}, and the client has ${own} keys`);
  }
}
