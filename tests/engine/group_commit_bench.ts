/** An engine over a fake storage, for tests of group commit. */
import assert from "assert";
import type { FsyncPolicy } from "../../lib/storage/storage.ts";
import type { HashTable } from "../../lib/table/hash_table.ts";
import { eventLoop, seededTable } from "./command_context.ts";
import { Engine, ListedClient } from "./durable_engine.ts";
import { FakeStorage } from "./fake_storage.ts";
import { insert, type TextRequest } from "./requests.ts";
import { type StoppedClock, stoppedClock } from "../perf/stopped_clock.ts";
import { hashOf } from "../helpers/table_texts.ts";

/** Slots in which `GroupCommit` records the last changes of keys. */
const SLOTS = 2 ** 18;

/** The slot of a key's last change. */
const slotOf = (table: HashTable, key: string): number => hashOf(table, key) & (SLOTS - 1);

/** Two keys that share a slot. */
export function keysOfOneSlot(table: HashTable): [string, string] {
  const keyBySlot = new Map<number, string>();
  for (let number = 0;; number++) {
    const key = `k${number}`, slot = slotOf(table, key);
    const other = keyBySlot.get(slot);
    if (other !== undefined) return [other, key];
    keyBySlot.set(slot, key);
  }
}

/** Whether all replies of each client may leave. */
export const areDone = (...clients: ListedClient[]): boolean[] =>
  clients.map(({ isDone }) => isDone);

/** An engine over a fake storage, with a clock that only syncs advance. */
export class CommitsBench extends Engine implements Disposable {
  readonly storage: FakeStorage;
  readonly clock: StoppedClock;
  /** Errors that ended clients. */
  readonly bugs: unknown[] = [];

  constructor(durability: "memory" | FsyncPolicy = "always") {
    const clock = stoppedClock();
    const storage = new FakeStorage(durability, () => clock.advance(2));
    super(storage, seededTable());
    this.clock = clock;
    this.storage = storage;
  }

  /** An engine after slow syncs, which now go to the background. */
  static async withSlowSyncs(): Promise<CommitsBench> {
    const bench = new CommitsBench();
    for (let round = 0; round < 20; round++) {
      const client = await bench.batch(insert("warm", String(round)));
      if (!client.isDone) {
        await bench.endSync();
        assert.ok(client.isDone);
        return bench;
      }
    }
    bench[Symbol.dispose]();
    return assert.fail("syncs never went to the background");
  }

  /** Ends the oldest sync in the background, and waits for its effects. */
  async endSync(): Promise<void> {
    this.storage.endSync();
    await eventLoop();
  }

  /** Submits a client with these requests. */
  submit(...requests: TextRequest[]): ListedClient {
    const client = new ListedClient(requests);
    client.submitTo(this).catch((bug) => this.bugs.push(bug));
    return client;
  }

  /** Submits a client with these requests, and waits for the end of their batch. */
  async batch(...requests: TextRequest[]): Promise<ListedClient> {
    const client = this.submit(...requests);
    await eventLoop();
    return client;
  }

  /** Executes requests in one batch, whose replies must not wait; returns the replies as words. */
  async words(...requests: TextRequest[]): Promise<unknown[]> {
    const client = await this.batch(...requests);
    assert.ok(client.isDone, "nothing to wait for");
    return client.words;
  }

  [Symbol.dispose](): void {
    this.clock[Symbol.dispose]();
  }
}
