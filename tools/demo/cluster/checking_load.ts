/**
 * The load of the cluster's demo: each client inserts a value for one of its keys, then looks up any key
 * of any client, and checks what it gets. It has one request in flight.
 */
import { sleep } from "../../../lib/base/clock.ts";
import type { HtClient } from "../../../lib/client/client.ts";
import { KeyError, ReplyError } from "../../../lib/client/errors.ts";
import { type Random, randomFrom } from "../../../lib/base/random.ts";
import type { ClientView } from "./client_view.ts";
import { ExpectedKey } from "./expected_keys.ts";

/** Keys that each client changes. */
const KEYS_PER_CLIENT = 500;

/** Lookups in flight of the check at the end. */
const CHECK_IN_FLIGHT = 200;

/** Pause between two looks at the progress, in milliseconds. */
const LOOK_MS = 10;

/** What the load needs of a client. */
export type LoadClient = Pick<
  HtClient,
  "address" | "connections" | "insertText" | "lookupText" | "size"
>;

/** A client at work. */
interface Worker {
  readonly client: LoadClient;
  readonly keys: readonly ExpectedKey[];
  /** Changes that were sent. */
  changes: number;
  replies: number;
  lastReplyMs: number;
}

/** The clients at work. */
export class CheckingLoad {
  readonly #view: ClientView;
  readonly #random: Random;
  readonly #workers: readonly Worker[];
  readonly #keys: readonly ExpectedKey[];
  #loops: Promise<unknown> = Promise.resolve();
  #isOver = false;

  /** @param seed of the choice of keys that are looked up */
  constructor(clients: readonly LoadClient[], view: ClientView, seed: number) {
    this.#view = view;
    this.#random = randomFrom(seed);
    this.#workers = clients.map((client, at) => ({
      client,
      keys: Array.from(
        { length: KEYS_PER_CLIENT },
        (_, key) => new ExpectedKey(`client ${at + 1}, key ${key + 1}`, at + 1),
      ),
      changes: 0,
      replies: 0,
      lastReplyMs: 0,
    }));
    this.#keys = this.#workers.flatMap(({ keys }) => keys);
  }

  /** Number of clients whose connection is to a port. */
  clientsAt(port: number): number {
    return this.#workers.filter(({ client }) => client.address.port === port).length;
  }

  /** Starts all clients. @param onFailure called when one cannot go on, with its error */
  start(onFailure: (error: unknown) => void): void {
    const loops = this.#workers.map((worker) => this.#work(worker).catch(onFailure));
    this.#loops = Promise.all(loops);
  }

  /** Lets the clients finish their requests, and waits for that. */
  async finish(): Promise<void> {
    this.#isOver = true;
    await this.#loops;
  }

  /** Waits until each client has this number of further replies. @returns false after an abort */
  async progress(replies: number, signal: AbortSignal): Promise<boolean> {
    const goals = this.#workers.map((worker) => worker.replies + replies);
    while (this.#workers.some((worker, at) => worker.replies < (goals[at] ?? 0))) {
      if (!await sleep(LOOK_MS, signal)) return false;
    }
    return true;
  }

  /**
   * Looks up all keys, and compares their number with the size of the table. Call it after `finish`.
   *
   * @param client one that did not take part
   * @throws {HtError}
   */
  async check(client: LoadClient): Promise<void> {
    let present = 0;
    for (let from = 0; from < this.#keys.length; from += CHECK_IN_FLIGHT) {
      const part = this.#keys.slice(from, from + CHECK_IN_FLIGHT);
      await Promise.all(part.map(async (key) => {
        const text = await lookupText(client, key.key);
        const result = key.check(text, key.acknowledged);
        if (result === "old") this.#view.lost++;
        if (result === "wrong") this.#view.wrong++;
        if (text !== undefined) present++;
      }));
    }
    if (await client.size() !== present) this.#view.wrong++;
    this.#view.checkedKeys = this.#keys.length;
  }

  async #work(worker: Worker): Promise<void> {
    worker.lastReplyMs = performance.now();
    while (!this.#isOver) {
      const own = worker.keys[worker.changes++ % KEYS_PER_CLIENT];
      if (own !== undefined) await this.#insert(worker, own);
      const any = this.#anyKey();
      if (any !== undefined && !this.#isOver) await this.#lookup(worker, any);
    }
  }

  /** Chooses a key that was sent, of any client. */
  #anyKey(): ExpectedKey | undefined {
    const worker = this.#workers[this.#random.below(this.#workers.length)];
    const sent = Math.min(worker?.changes ?? 0, KEYS_PER_CLIENT);
    return worker?.keys[this.#random.below(Math.max(1, sent))];
  }

  async #insert(worker: Worker, key: ExpectedKey): Promise<void> {
    const view = this.#view;
    const change = ++key.sent;
    const connections = worker.client.connections;
    try {
      await worker.client.insertText(key.key, key.textOf(change));
      key.acknowledged = change;
      view.acknowledged++;
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      view.refused++;
    }
    if (this.#onReply(worker, connections)) view.changesSentAgain++;
  }

  async #lookup(worker: Worker, key: ExpectedKey): Promise<void> {
    const { acknowledged } = key;
    const connections = worker.client.connections;
    try {
      const text = await lookupText(worker.client, key.key);
      if (key.check(text, acknowledged) !== "right") this.#view.wrong++;
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      this.#view.unanswered++;
    }
    this.#onReply(worker, connections);
  }

  /** @returns whether its request was sent again: the client has made another connection meanwhile */
  #onReply(worker: Worker, connections: number): boolean {
    const nowMs = performance.now();
    this.#view.onReply(nowMs - worker.lastReplyMs);
    worker.lastReplyMs = nowMs;
    worker.replies++;
    const isAgain = worker.client.connections > connections;
    if (isAgain) this.#view.sentAgain++;
    return isAgain;
  }
}

/** Looks up a key. @returns its value; undefined if the table does not have it */
async function lookupText(client: LoadClient, key: string): Promise<string | undefined> {
  try {
    return await client.lookupText(key);
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
}
