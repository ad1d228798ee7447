/** An engine over a fake storage, and requests for tests of group commit. */
import assert from "assert";
import { spanOf } from "../../lib/bytes/span.ts";
import type { FsyncPolicy } from "../../lib/storage/storage.ts";
import type { HashTable } from "../../lib/table/hash_table.ts";
import { seededTable } from "./command_context.ts";
import { Engine, ListedClient } from "./durable_engine.ts";
import { FakeStorage } from "./fake_storage.ts";
import type { TextRequest } from "./requests.ts";
import { type StoppedClock, stoppedClock } from "../perf/stopped_clock.ts";
import { keyText } from "../helpers/table_texts.ts";

export const insert = (key: string, value: string): TextRequest => ({
  method: "insert",
  key,
  value,
});
export const lookup = (key: string): TextRequest => ({ method: "lookup", key });
export const remove = (key: string): TextRequest => ({ method: "remove", key });
export const scan = (regex: string): TextRequest => ({
  method: "scan",
  regex,
  limit: undefined,
  cursor: undefined,
});
export const part = (cursor?: string): TextRequest => ({
  method: "scan",
  regex: "",
  limit: 1,
  cursor,
});
export const query = (subkey: string, subvalue: string): TextRequest => ({
  method: "query",
  subkey,
  subvalue,
  limit: undefined,
  cursor: undefined,
});
export const SIZE: TextRequest = { method: "size" };
export const INFO: TextRequest = { method: "info" };

/** Slots in which `GroupCommit` records the last changes of keys. */
const SLOTS = 2 ** 18;

/** The slot of a key's last change. */
export function slotOf(table: HashTable, key: string): number {
  const { bytes, start, end } = spanOf(keyText(key));
  return table.hashOf(bytes, start, end) & (SLOTS - 1);
}

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

/** One round of the event loop. */
export const eventLoop = (): Promise<void> =>
  new Promise<void>((resolve) => void setImmediate(resolve));

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
      const client = bench.submit(insert("warm", String(round)));
      await eventLoop();
      if (!client.isDone) {
        bench.storage.endSync();
        await eventLoop();
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

  /** Executes requests in one batch, whose replies must not wait; returns the replies as words. */
  async words(...requests: TextRequest[]): Promise<unknown[]> {
    const client = this.submit(...requests);
    await eventLoop();
    assert.ok(client.isDone, "nothing to wait for");
    return client.words;
  }

  [Symbol.dispose](): void {
    this.clock[Symbol.dispose]();
  }
}
