/**
 * Clients that change and read a few keys over several gateways while a test makes faults, and the history
 * of what they saw.
 *
 * A change without a reply may take effect as late as the end of the run: a gateway or a node may still
 * hold its bytes. So it stays open in the history until then.
 */
import type { Address } from "../../../lib/base/address.ts";
import { settlesWithin, sleep } from "../../../lib/base/clock.ts";
import { Connection } from "../../../lib/client/connection.ts";
import { ConnectionLostError, ReplyError } from "../../../lib/client/errors.ts";
import { type Random, randomFrom } from "../../../bench/harness/random.ts";
import { PATIENCE_MS } from "../../../bench/harness/program.ts";
import { type Action, History } from "../../crash/history/history.ts";
import { perform, PlainClient } from "../../crash/key_requests.ts";
import { actionsOf, type Mix } from "../../crash/random_action.ts";

/** Options of a load. */
export interface LoadOptions {
  /** Part of all keys and values; different for each load on a table. */
  readonly name: string;
  /** The gateways that a client may connect to now. */
  gateways(client: number): readonly Address[];
  readonly clients: number;
  /** Requests that each client has in flight. */
  readonly window: number;
  readonly mix: Mix;
  readonly random: Random;
}

/** Pause of a client that finds no gateway, in milliseconds. */
const RECONNECT_MS = 20;

/** Time limit of a connection, in milliseconds. */
const CONNECT_MS = 10_000;

/** Running clients, until `stop`. */
export class FaultLoad {
  readonly history = new History();
  /** Changes and lookups without a reply, because the connection ended. */
  unknown = 0;
  /** Replies `StorageError`, which promise that nothing has changed. */
  refused = 0;
  /** The longest time of a client between two replies other than `StorageError`, in milliseconds. */
  longestGapMs = 0;
  /** The values of refused inserts: no reply may show them. */
  readonly refusedValues = new Set<string>();
  readonly #options: LoadOptions;
  readonly #lastOkMs = new Map<string, number>();
  readonly #clients: Promise<void>[];
  #connections = 0;
  #isStopping = false;
  #failure: { readonly error: unknown } | undefined;
  #onProgress = Promise.withResolvers<void>();

  constructor(options: LoadOptions) {
    this.#options = options;
    const { clients, random } = options;
    this.#clients = Array.from(
      { length: clients },
      (_, client) => this.#runClient(client, randomFrom(random.below(2 ** 31))),
    );
  }

  /** Waits for this number of further acknowledged requests. @throws what a client could not explain */
  async progress(requests: number): Promise<void> {
    const target = this.history.acknowledged + requests;
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (this.history.acknowledged < target) {
      if (this.#failure) throw this.#failure.error;
      if (performance.now() > deadlineMs) throw new Error("the clients get no replies");
      await settlesWithin(this.#onProgress.promise, 100);
    }
  }

  /** Ends the clients after the replies to their last requests. @throws what a client could not explain */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const isOver = await settlesWithin(Promise.all(this.#clients), PATIENCE_MS);
    if (this.#failure) throw this.#failure.error;
    if (!isOver) throw new Error("a request has no reply, and its connection did not end");
  }

  /** Reads all keys through a gateway, and ends the history. Call it after `stop`. */
  async readAll(gateway: Address): Promise<void> {
    const client = await this.#connect(gateway);
    try {
      const keys = this.history.keys();
      const values = await Promise.all(keys.map((key) => perform(client, key, LOOKUP)));
      for (const [at, key] of keys.entries()) this.history.observe(key, values[at], "at the end");
    } finally {
      await client.close();
    }
    this.history.crash();
  }

  async #runClient(client: number, random: Random): Promise<void> {
    const { name, gateways, mix } = this.#options;
    const nextAction = actionsOf(client, `${name} client ${client}`, mix, random);
    while (!this.#isStopping && !this.#failure) {
      const addresses = gateways(client);
      const address = addresses[random.below(Math.max(1, addresses.length))];
      const connected = address && await this.#connect(address).catch(() => undefined);
      if (connected === undefined) await sleep(RECONNECT_MS);
      else await this.#runConnection(connected, `client ${client}`, nextAction);
    }
  }

  async #connect(address: Address): Promise<PlainClient> {
    return new PlainClient(await Connection.connect(address, AbortSignal.timeout(CONNECT_MS)));
  }

  async #runConnection(
    client: PlainClient,
    by: string,
    nextAction: () => { key: string; action: Action },
  ): Promise<void> {
    const connection = ++this.#connections;
    let isLost = false;
    const request = async () => {
      const { key: ownKey, action } = nextAction();
      const key = `${this.#options.name} ${ownKey}`;
      const pending = this.history.invoke({ key, action, connection, by });
      try {
        this.history.acknowledge(pending, await perform(client, key, action));
        this.#noteOk(by);
      } catch (error) {
        if (error instanceof ConnectionLostError) {
          isLost = true;
          if (error.maybeExecuted) this.unknown++;
          else this.history.forget(pending);
        } else if (error instanceof ReplyError && error.code === "StorageError") {
          this.refused++;
          this.history.forget(pending);
          if (action.method === "insert") this.refusedValues.add(action.value);
        } else this.#failure ??= { error };
      }
    };
    const lane = async () => {
      while (!this.#isStopping && !this.#failure && !isLost) await request();
    };
    try {
      await Promise.all(Array.from({ length: this.#options.window }, lane));
    } finally {
      await client.close();
    }
  }

  #noteOk(client: string): void {
    const nowMs = performance.now();
    const lastMs = this.#lastOkMs.get(client);
    if (lastMs !== undefined) this.longestGapMs = Math.max(this.longestGapMs, nowMs - lastMs);
    this.#lastOkMs.set(client, nowMs);
    this.#onProgress.resolve();
    this.#onProgress = Promise.withResolvers();
  }
}

const LOOKUP = { method: "lookup" } as const;
