/**
 * Looks every few seconds whether the store still has the table that this server serves. After `FLUSHALL`, or if
 * the table was replaced, its changes would go to keys that no other server finds.
 */
import { sleep } from "../base/clock.ts";
import { STORE_TABLE_CHECK_MS } from "../base/limits.ts";
import type { BucketKeys } from "../store/bucket_keys.ts";
import type { Store } from "../store/store.ts";
import { findTableChange, type TableIdentity } from "./table_meta.ts";

/** What to watch. */
export interface WatchedTable {
  readonly store: Store;
  readonly keys: BucketKeys;
  /** The name of the table. */
  readonly name: string;
  readonly identity: TableIdentity;
  /** Time between two looks, in milliseconds (default: 3 s). */
  readonly checkMs?: number;
}

/** Watches a table until `close`. */
export class TableWatch {
  /** Why the table can be served no longer, as a sentence. It is pending while it can, or the store is silent. */
  readonly gone: Promise<string>;
  readonly #stop = new AbortController();

  constructor(table: WatchedTable) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.gone = promise;
    void this.#watch(table, resolve);
  }

  close(): void {
    this.#stop.abort();
  }

  async #watch(
    { store, keys, name, identity, checkMs = STORE_TABLE_CHECK_MS }: WatchedTable,
    onGone: (sentence: string) => void,
  ): Promise<void> {
    while (await sleep(checkMs, this.#stop.signal)) {
      const change = await findTableChange(store, keys, name, identity);
      if (change === undefined) continue;
      return onGone(
        `Cannot serve '${name}' any longer: the store has lost the table or has another one (${change}); start again to serve what is there now`,
      );
    }
  }
}
