/** A client with a model of its keys: it compares every reply with the model. */
import { HtClient, KeyError } from "../../client.ts";
import { sleep } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import type { Random } from "../../lib/base/random.ts";
import type { Value } from "./values.ts";

/** Receives faults: replies that differ from the model, and lost connections. */
export type OnFault = (what: string) => void;

/** One client. Its model outlives the connection. */
export class ModelClient {
  readonly name: string;
  readonly random: Random;
  readonly #keyCount: number;
  readonly #onFault: OnFault;
  readonly #model = new Map<string, Value>();
  #client: HtClient | undefined;

  /**
   * @param name the prefix of its keys, which no other client uses
   * @param keyCount the number of different keys
   */
  constructor(name: string, keyCount: number, random: Random, onFault: OnFault) {
    this.name = name;
    this.#keyCount = keyCount;
    this.random = random;
    this.#onFault = onFault;
  }

  async connect(port: number): Promise<void> {
    this.#client = await HtClient.connect(`127.0.0.1:${port}`);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  /** The connection, for requests that the model does not know. */
  get client(): HtClient {
    if (this.#client === undefined) throw new TypeError("connect() comes first");
    return this.#client;
  }

  /** The number of its keys in the table. */
  get size(): number {
    return this.#model.size;
  }

  /** The text of a key's value in the model. */
  textOf(key: string): string | undefined {
    return this.#model.get(key)?.text;
  }

  fault(what: string): void {
    this.#onFault(`${this.name}: ${what}`);
  }

  /** Its n-th key. */
  key(n: number): string {
    return `${this.name}-${n}`;
  }

  anyKey(): string {
    return this.key(this.random.below(this.#keyCount));
  }

  /** A key that is in the table, if there is one. */
  anyKnownKey(): string {
    const start = this.random.below(this.#keyCount);
    for (let step = 0; step < this.#keyCount; step++) {
      const key = this.key((start + step) % this.#keyCount);
      if (this.#model.has(key)) return key;
    }
    return this.anyKey();
  }

  /**
   * Runs operations at a fixed rate.
   *
   * @param next chooses and runs an operation
   * @returns how many were run
   */
  async work(periodMs: number, next: () => Promise<void>, signal: AbortSignal): Promise<number> {
    const beganMs = performance.now();
    let count = 0;
    while (!signal.aborted) {
      await this.attempt(next);
      count++;
      await sleep(Math.max(0, beganMs + count * periodMs - performance.now()), signal);
    }
    if (this.client.connections > 1) this.fault("the connection was lost");
    return count;
  }

  /** Runs an operation. An error is a fault. */
  async attempt(operation: () => Promise<void>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      this.fault(messageOf(error).slice(0, 200));
    }
  }

  /** Inserts. An error leaves the model as it was. */
  async insert(key: string, value: Value): Promise<void> {
    await this.client.insertText(key, value.text);
    this.#model.set(key, value);
  }

  async lookup(key: string): Promise<void> {
    this.#compare(`lookup of ${key}`, key, await unlessMissing(this.client.lookupText(key)));
  }

  async remove(key: string): Promise<void> {
    this.#compare(`remove of ${key}`, key, await unlessMissing(this.client.removeText(key)));
    this.#model.delete(key);
  }

  /** Compares all its keys with the model, by a scan in parts. */
  async check(partPairs: number): Promise<void> {
    const found = new Set<string>();
    for await (const [key, text] of this.client.scanAll(`^${this.name}-`, partPairs)) {
      if (found.has(key)) this.fault(`scan gave ${key} twice`);
      found.add(key);
      this.#compare(`scan of ${key}`, key, text);
    }
    if (found.size !== this.size) this.fault(`scan gave ${found.size} of ${this.size} keys`);
  }

  /** Compares the keys with a tag with the model, by a query in parts. */
  async query(tag: string, partPairs: number): Promise<void> {
    let cursor: string | undefined;
    let pairs = 0;
    do {
      const reply = await this.client.request({
        method: "query",
        subkey: "tag",
        subvalue: JSON.stringify(tag),
        limit: partPairs,
        cursor,
      });
      for (const [key, value] of JSON.parse(reply.result) as [string, unknown][]) {
        pairs++;
        this.#compare(`query of ${key}`, key, JSON.stringify(value));
      }
      cursor = reply.cursor;
    } while (cursor !== undefined);
    const expected = [...this.#model.values()].filter((value) => value.tag === tag).length;
    if (pairs !== expected) this.fault(`query of ${tag} gave ${pairs} of ${expected} pairs`);
  }

  #compare(what: string, key: string, text: string | undefined): void {
    if (text !== this.textOf(key)) this.fault(`${what} gave another value`);
  }
}

/** Undefined if the key is missing. */
async function unlessMissing(value: Promise<string>): Promise<string | undefined> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
}
