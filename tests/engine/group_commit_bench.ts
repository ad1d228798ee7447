/** An engine over a storage in the test's hands, and what tests of group commit ask it. */
import assert from "assert";
import { spanOf } from "../../lib/bytes/span.ts";
import type { FsyncPolicy } from "../../lib/storage/storage.ts";
import type { HashTable } from "../../lib/table/hash_table.ts";
import { seededTable } from "./command_context.ts";
import { Engine, ListedClient } from "./durable_engine.ts";
import { FakeStorage } from "./fake_storage.ts";
import type { Asked } from "./requests.ts";
import { type StoppedClock, stoppedClock } from "../perf/stopped_clock.ts";
import { keyText } from "../helpers/table_texts.ts";

export const insert = (key: string, value: string): Asked => ({ method: "insert", key, value });
export const lookup = (key: string): Asked => ({ method: "lookup", key });
export const remove = (key: string): Asked => ({ method: "remove", key });
export const scan = (regex: string): Asked => ({
  method: "scan",
  regex,
  limit: undefined,
  cursor: undefined,
});
export const part = (cursor?: string): Asked => ({ method: "scan", regex: "", limit: 1, cursor });
export const query = (subkey: string, subvalue: string): Asked => ({
  method: "query",
  subkey,
  subvalue,
  limit: undefined,
  cursor: undefined,
});
export const SIZE: Asked = { method: "size" };
export const INFO: Asked = { method: "info" };

/** Places in which `Commits` notes the last changes of keys. */
const MARKS = 2 ** 18;

/** The place for a key's last change. */
export function markOf(table: HashTable, key: string): number {
  const { bytes, start, end } = spanOf(keyText(key));
  return table.hashOf(bytes, start, end) & (MARKS - 1);
}

/** Two keys that share a place. */
export function keysOfOneMark(table: HashTable): [string, string] {
  const keyByMark = new Map<number, string>();
  for (let number = 0;; number++) {
    const key = `k${number}`, mark = markOf(table, key);
    const other = keyByMark.get(mark);
    if (other !== undefined) return [other, key];
    keyByMark.set(mark, key);
  }
}

/** One round of the event loop. */
export const eventLoop = (): Promise<void> =>
  new Promise<void>((resolve) => void setImmediate(resolve));

/** An engine over a storage in the test's hands. */
export class CommitsBench extends Engine implements Disposable {
  readonly storage: FakeStorage;
  readonly clock: StoppedClock;
  /** What was thrown at clients. */
  readonly bugs: unknown[] = [];

  constructor(durability: "memory" | FsyncPolicy = "always") {
    const clock = stoppedClock();
    const storage = new FakeStorage(durability, () => clock.advance(2));
    super(storage, seededTable());
    this.clock = clock;
    this.storage = storage;
  }

  /** One whose syncs were so slow that they are done in the background by now. */
  static async withSlowSyncs(): Promise<CommitsBench> {
    const bench = new CommitsBench();
    for (let turn = 0; turn < 20; turn++) {
      const client = bench.submit(insert("warm", String(turn)));
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

  /** Has the first sync in the background end, and all that comes of it. */
  async endSync(): Promise<void> {
    this.storage.endSync();
    await eventLoop();
  }

  /** Has the requests of a client executed. */
  submit(...requests: Asked[]): ListedClient {
    const client = new ListedClient(requests);
    client.submitTo(this).catch((bug) => this.bugs.push(bug));
    return client;
  }

  /** Has requests executed in one turn, and gives the replies; all must be there at once. */
  async words(...requests: Asked[]): Promise<unknown[]> {
    const client = this.submit(...requests);
    await eventLoop();
    assert.ok(client.isDone, "nothing to wait for");
    return client.words;
  }

  [Symbol.dispose](): void {
    this.clock[Symbol.dispose]();
  }
}
