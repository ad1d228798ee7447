/** A client that keeps a table full, and knows what each of its keys must hold. */
import { HtClient, KeyError, TableFullError } from "../../client.ts";
import { sleep } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import type { Random } from "../../lib/base/random.ts";

/** Keys that a client uses, twice as many as there is room for; nobody else uses them. */
const KEYS = 10_000;

/** Values have from 10 bytes to 100 KB, as likely between 10 and 100 as between 10,000 and 100,000. */
const MIN_BYTES = 10;
const MAX_BYTES = 100_000;

/** Pairs in one part of a scan. */
const PART_PAIRS = 200;

/** Between two operations, in milliseconds. */
const PERIOD_MS = 5;

/** How often each thing happened. */
export interface FullCounts {
  inserted: number;
  /** Inserts of new keys that were `TableFull`. */
  refused: number;
  replacedBySmaller: number;
  replacedByLarger: number;
  /** Larger values that were `TableFull`; the old one was still there. */
  largerRefused: number;
  removed: number;
  lookedUp: number;
}

/** Counts of nothing. */
export function noCounts(): FullCounts {
  return {
    inserted: 0,
    refused: 0,
    replacedBySmaller: 0,
    replacedByLarger: 0,
    largerRefused: 0,
    removed: 0,
    lookedUp: 0,
  };
}

/** One client, with a model of its keys that outlives its connection. */
export class FullClient {
  readonly #name: string;
  readonly #random: Random;
  readonly #limitBytes: number;
  readonly #fault: (what: string) => void;
  readonly #model = new Map<string, string>();
  readonly counts: FullCounts = noCounts();
  #client: HtClient | undefined;

  /**
   * @param name which its keys begin with
   * @param limitBytes `--max-memory` of the server
   * @param fault is told of all that is not as it must be
   */
  constructor(
    name: string,
    random: Random,
    limitBytes: number,
    fault: (what: string) => void,
  ) {
    this.#name = name;
    this.#random = random;
    this.#limitBytes = limitBytes;
    this.#fault = fault;
  }

  /** Keys that it has in the table. */
  get keys(): number {
    return this.#model.size;
  }

  async connect(port: number): Promise<void> {
    this.#client = await HtClient.connect(`127.0.0.1:${port}`);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  /** Inserts until the table is full. */
  async fill(signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted && await this.#insert(this.#anyKey(), this.#anyValue()));
  }

  /** Tries everything, at a fixed rate, until it is called off. */
  async work(signal: AbortSignal): Promise<void> {
    const beganMs = performance.now();
    for (let count = 1; !signal.aborted; count++) {
      try {
        await this.#any();
      } catch (error) {
        this.#fault(`${this.#name}: ${messageOf(error).slice(0, 200)}`);
      }
      await sleep(Math.max(0, beganMs + count * PERIOD_MS - performance.now()), signal);
    }
  }

  /** While nobody else changes the table: what was removed can be inserted again. */
  async replaceAll(): Promise<void> {
    const [key = "", text = ""] = [...this.#model][this.#random.below(this.keys)] ?? [];
    await this.#remove(key);
    if (!await this.#insert(key, text)) this.#fault(`${key} was removed, and had no room then`);
  }

  /** Compares all its keys with the model. */
  async check(): Promise<void> {
    let found = 0;
    for await (const [key, text] of this.#connected.scanAll(`^${this.#name}-`, PART_PAIRS)) {
      found++;
      this.#compare("scan", key, text);
    }
    if (found !== this.keys) this.#fault(`${this.#name}: scan gave ${found} of ${this.keys} keys`);
  }

  get #connected(): HtClient {
    if (this.#client === undefined) throw new TypeError("connect() comes first");
    return this.#client;
  }

  /** More inserts than removes: so it stays full. */
  async #any(): Promise<void> {
    const key = this.#anyKey();
    const known = this.#anyKnownKey();
    const kind = this.#random.below(10);
    if (kind < 4) await this.#insert(key, this.#anyValue());
    else if (kind < 6) await this.#lookup(kind === 4 ? key : known);
    else if (kind < 8) await this.#remove(known);
    else if (kind === 8) await this.#insert(known, this.#valueOf(MIN_BYTES));
    else await this.#insert(known, this.#valueOf(MAX_BYTES));
  }

  /** Whether there was room. */
  async #insert(key: string, text: string): Promise<boolean> {
    const before = this.#model.get(key);
    try {
      await this.#connected.insertText(key, text);
    } catch (error) {
      if (!(error instanceof TableFullError)) throw error;
      this.#checkRefusal(error.message, before, text);
      if (before === undefined) this.counts.refused++;
      else this.counts.largerRefused++;
      await this.#lookup(key); // nothing has changed
      return false;
    }
    this.#model.set(key, text);
    if (before === undefined) this.counts.inserted++;
    else if (text.length <= before.length) this.counts.replacedBySmaller++;
    else this.counts.replacedByLarger++;
    return true;
  }

  #checkRefusal(message: string, before: string | undefined, text: string): void {
    if (before !== undefined && text.length <= before.length) {
      this.#fault(`a smaller value was refused: ${message}`);
    }
    const [, taken, limit, needed] =
      /the table takes (\d+) of (\d+) bytes .* and this needs (\d+) more/.exec(message) ?? [];
    const isRight = Number(limit) === this.#limitBytes && Number(taken) <= this.#limitBytes &&
      Number(taken) + Number(needed) > this.#limitBytes;
    if (!isRight) this.#fault(`TableFull says: ${message}`);
  }

  async #lookup(key: string): Promise<void> {
    this.#compare("lookup", key, await unlessMissing(this.#connected.lookupText(key)));
    this.counts.lookedUp++;
  }

  async #remove(key: string): Promise<void> {
    this.#compare("remove", key, await unlessMissing(this.#connected.removeText(key)));
    this.#model.delete(key);
    this.counts.removed++;
  }

  #compare(what: string, key: string, text: string | undefined): void {
    if (text !== this.#model.get(key)) this.#fault(`${what} of ${key} gave another value`);
  }

  #anyKey(): string {
    return `${this.#name}-${this.#random.below(KEYS)}`;
  }

  /** One that is in the table, where any is. */
  #anyKnownKey(): string {
    const start = this.#random.below(KEYS);
    for (let step = 0; step < KEYS; step++) {
      const key = `${this.#name}-${(start + step) % KEYS}`;
      if (this.#model.has(key)) return key;
    }
    return this.#anyKey();
  }

  #anyValue(): string {
    const share = this.#random.below(1_000_000) / 1_000_000;
    return this.#valueOf(MIN_BYTES * (MAX_BYTES / MIN_BYTES) ** share);
  }

  #valueOf(bytes: number): string {
    const digits = String(this.#random.below(1_000_000_000));
    return JSON.stringify(digits.repeat(Math.ceil(bytes / digits.length)).slice(0, bytes));
  }
}

/** Undefined where there is no such key. */
async function unlessMissing(value: Promise<string>): Promise<string | undefined> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
}
