/** A client that keeps a table at its memory limit. */
import { TableFullError } from "../../client.ts";
import type { Random } from "../../lib/base/random.ts";
import { ModelClient, type OnFault } from "./model_client.ts";
import { anySize, anyString, MIN_BYTES, type Value } from "./values.ts";

/** Different keys of a client: twice as many as the table has room for. */
const KEYS = 10_000;

/** The greatest value, in bytes. */
const MAX_BYTES = 100_000;

/** Pairs in one part of a scan. */
const PART_PAIRS = 200;

/** The time between two operations, in milliseconds. */
const PERIOD_MS = 5;

/** Operations by their outcome. */
export const NO_COUNTS = {
  inserted: 0,
  /** Inserts of new keys that were `TableFull`. */
  refused: 0,
  replacedBySmaller: 0,
  replacedByLarger: 0,
  /** Larger values that were `TableFull`; the old value was still there. */
  largerRefused: 0,
  removed: 0,
  lookedUp: 0,
};

export type FullCounts = typeof NO_COUNTS;

/** One client. */
export class FullClient {
  /** Its connection, and the keys that must be in the table. */
  readonly model: ModelClient;
  readonly #limitBytes: number;
  readonly counts: FullCounts = { ...NO_COUNTS };

  /** @param limitBytes `--max-memory` of the server */
  constructor(name: string, random: Random, limitBytes: number, onFault: OnFault) {
    this.model = new ModelClient(name, KEYS, random, onFault);
    this.#limitBytes = limitBytes;
  }

  /** Inserts until the table is full. */
  async fill(signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted && await this.#insert(this.model.anyKey(), this.#anyValue()));
  }

  /** Runs all operations, until the signal. */
  async work(signal: AbortSignal): Promise<void> {
    await this.model.work(PERIOD_MS, () => this.#anyOperation(), signal);
  }

  /** Compares its keys with the model, and inserts a removed value again: there must be room. */
  async check(): Promise<void> {
    await this.model.check(PART_PAIRS);
    const key = this.model.anyKnownKey();
    const text = this.model.textOf(key) ?? "1";
    await this.#remove(key);
    if (!await this.#insert(key, { text, tag: undefined })) {
      this.model.fault(`${key} was removed, and had no room then`);
    }
  }

  /** More inserts than removes keep the table full. */
  async #anyOperation(): Promise<void> {
    const { random } = this.model;
    const key = this.model.anyKey();
    const known = this.model.anyKnownKey();
    const kind = random.below(10);
    if (kind < 4) await this.#insert(key, this.#anyValue());
    else if (kind < 6) await this.#lookup(kind === 4 ? key : known);
    else if (kind < 8) await this.#remove(known);
    else await this.#insert(known, anyString(kind === 8 ? MIN_BYTES : MAX_BYTES, random));
  }

  #anyValue(): Value {
    const { random } = this.model;
    return anyString(anySize(MAX_BYTES, random), random);
  }

  /** Inserts a value. @returns whether there was room */
  async #insert(key: string, value: Value): Promise<boolean> {
    const before = this.model.textOf(key);
    const grows = before === undefined || value.text.length > before.length;
    try {
      await this.model.insert(key, value);
    } catch (error) {
      if (!(error instanceof TableFullError)) throw error;
      if (!grows) this.model.fault(`a smaller value was refused: ${error.message}`);
      this.#checkMessage(error.message);
      this.counts[before === undefined ? "refused" : "largerRefused"]++;
      await this.#lookup(key); // The old value must be there.
      return false;
    }
    if (before === undefined) this.counts.inserted++;
    else this.counts[grows ? "replacedByLarger" : "replacedBySmaller"]++;
    return true;
  }

  /** Checks the sizes in the message of a `TableFull`. */
  #checkMessage(message: string): void {
    const [, taken, limit, needed] =
      /the table takes (\d+) of (\d+) bytes .* and this insert needs (\d+) more/.exec(message) ??
        [];
    const isRight = Number(limit) === this.#limitBytes && Number(taken) <= this.#limitBytes &&
      Number(taken) + Number(needed) > this.#limitBytes;
    if (!isRight) this.model.fault(`TableFull has wrong sizes: ${message}`);
  }

  async #lookup(key: string): Promise<void> {
    await this.model.lookup(key);
    this.counts.lookedUp++;
  }

  async #remove(key: string): Promise<void> {
    await this.model.remove(key);
    this.counts.removed++;
  }
}
