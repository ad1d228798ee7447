/** A client that stays for the whole time, works at a fixed rate, and knows what each reply must be. */
import { sleep } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import type { Random } from "../../lib/base/random.ts";
import { HtClient, KeyError } from "../../client.ts";
import { anySize, anyTag, anyValue, type Value } from "./values.ts";

/** Keys of its own that a client uses; nobody else does. */
const KEYS = 40;

/** Pairs in one part of a scan or a query. */
const PART_PAIRS = 7;

/** Between two operations, in milliseconds. */
const PERIOD_MS = 40;

/** A client, with a model of its keys. */
export class SteadyClient {
  readonly #client: HtClient;
  readonly #name: string;
  readonly #random: Random;
  readonly #fault: (what: string) => void;
  readonly #model = new Map<string, Value>();
  readonly #operations: readonly (readonly [weight: number, run: () => Promise<void>])[] = [
    [35, () => this.#insert(this.#anyKey(), anySize(this.#random))],
    [30, () => this.#lookup(this.#anyKey())],
    [12, () => this.#remove(this.#anyKey())],
    [6, () => this.#scan()],
    [6, () => this.#query()],
    [4, () => this.#size()],
    [4, async () => void await this.#client.info()],
    [3, () => this.#client.ping()],
  ];
  /** Operations done. */
  operations = 0;

  private constructor(
    client: HtClient,
    name: string,
    random: Random,
    fault: (what: string) => void,
  ) {
    this.#client = client;
    this.#name = name;
    this.#random = random;
    this.#fault = fault;
  }

  /**
   * @param name which its keys begin with
   * @param fault is told of each reply that is not as it must be, and of each lost connection
   */
  static async connect(
    port: number,
    name: string,
    random: Random,
    fault: (what: string) => void,
  ): Promise<SteadyClient> {
    const client = await HtClient.connect(`127.0.0.1:${port}`);
    return new SteadyClient(client, name, random, fault);
  }

  /** Keys that it has in the table. */
  get keys(): number {
    return this.#model.size;
  }

  /** Works until it is called off. */
  async work(signal: AbortSignal): Promise<void> {
    const beganMs = performance.now();
    for (let count = 1; !signal.aborted; count++) {
      await this.#attempt(this.#anyOperation());
      this.operations++;
      await sleep(Math.max(0, beganMs + count * PERIOD_MS - performance.now()), signal);
    }
    if (this.#client.connections > 1) this.#fault(`${this.#name} lost its connection`);
  }

  /** Puts each of its keys into the table with a size that is always the same. */
  async rest(): Promise<void> {
    for (let key = 0; key < KEYS; key++) {
      const bytes = Math.round(10 * 1e5 ** (key / (KEYS - 1)));
      await this.#attempt(() => this.#insert(this.#key(key), bytes));
    }
  }

  /** Compares all its keys with the model. */
  async check(): Promise<void> {
    await this.#attempt(() => this.#scan());
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #key(number: number): string {
    return `${this.#name}-${number}`;
  }

  #anyKey(): string {
    return this.#key(this.#random.below(KEYS));
  }

  #anyOperation(): () => Promise<void> {
    const all = this.#operations.reduce((sum, [weight]) => sum + weight, 0);
    let place = this.#random.below(all);
    for (const [weight, run] of this.#operations) {
      if (place < weight) return run;
      place -= weight;
    }
    throw new TypeError("a place below the sum of all weights is in one of them");
  }

  async #attempt(operation: () => Promise<void>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      this.#fault(`${this.#name}: ${messageOf(error).slice(0, 200)}`);
    }
  }

  async #insert(key: string, bytes: number): Promise<void> {
    const value = anyValue(this.#name, bytes, this.#random);
    await this.#client.insertText(key, value.text);
    this.#model.set(key, value);
  }

  async #lookup(key: string): Promise<void> {
    this.#compare(`lookup ${key}`, await unlessMissing(this.#client.lookupText(key)), key);
  }

  async #remove(key: string): Promise<void> {
    this.#compare(`remove ${key}`, await unlessMissing(this.#client.removeText(key)), key);
    this.#model.delete(key);
  }

  #compare(what: string, text: string | undefined, key: string): void {
    if (text !== this.#model.get(key)?.text) this.#fault(`${what} gave another value`);
  }

  async #scan(): Promise<void> {
    const found = new Map<string, string>();
    for await (const [key, text] of this.#client.scanAll(`^${this.#name}-`, PART_PAIRS)) {
      if (found.has(key)) this.#fault(`scan gave ${key} twice`);
      found.set(key, text);
      this.#compare(`scan of ${key}`, text, key);
    }
    if (found.size !== this.#model.size) {
      this.#fault(`${this.#name}: scan gave ${found.size} of ${this.#model.size} keys`);
    }
  }

  async #query(): Promise<void> {
    const tag = anyTag(this.#name, this.#random);
    const subvalue = JSON.stringify(tag);
    let cursor: string | undefined;
    let pairs = 0;
    do {
      const reply = await this.#client.request({
        method: "query",
        subkey: "tag",
        subvalue,
        limit: PART_PAIRS,
        cursor,
      });
      for (const [key, value] of JSON.parse(reply.result) as [string, unknown][]) {
        pairs++;
        this.#compare(`query of ${key}`, JSON.stringify(value), key);
      }
      cursor = reply.cursor;
    } while (cursor !== undefined);
    const expected = [...this.#model.values()].filter((value) => value.tag === tag).length;
    if (pairs !== expected) this.#fault(`query of ${tag} gave ${pairs} of ${expected} pairs`);
  }

  async #size(): Promise<void> {
    const size = await this.#client.size();
    if (size < this.#model.size) this.#fault(`size gave ${size}, and ${this.#model.size} are mine`);
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
