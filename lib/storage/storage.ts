/**
 * Where changes go besides the table in memory. The engine knows storage only by this interface.
 *
 * Changes are numbered. `append` takes one into the open batch; `write` hands the batch to the system,
 * and one of the syncs makes what was written durable.
 */
import type { HashTable } from "../table/hash_table.ts";
import type { Change } from "./log/table_change.ts";
import { createTableId } from "./log/table_id.ts";

export { type Change, WriteError } from "./log/table_change.ts";

/** When the log is forced to disk: before a change is acknowledged, once a second, or never. */
export type FsyncPolicy = "always" | "interval" | "never";

/** Takes every change, in the order in which they are made. */
export interface Storage {
  /** What a crash may cost, in a word; shown by `info` and in the catalog. */
  readonly durability: "memory" | FsyncPolicy;
  /** Identity of the table: a random string that is kept with it, and is another one for every table. */
  readonly tableId: string;
  /** Number of the last change that was handed to the system. */
  readonly writtenSeq: number;
  /** Number of the last change that may be told of. */
  readonly durableSeq: number;
  /** Takes a change into the open batch, and gives its number; its bytes are copied. */
  append(change: Change): number;
  /**
   * Hands the open batch to the system.
   *
   * @throws {WriteError} where it was not taken whole; the batch is then forgotten, its numbers too
   */
  write(): void;
  /**
   * Makes durable what was written, and stops everything meanwhile. If more than a sync is needed for
   * that, `durableSeq` stays, and `sync` waits for it.
   */
  syncNow(): void;
  /** The same in the background, for what was written before the call. */
  sync(): Promise<void>;
}

/** A table, and the storage that takes its changes. */
export interface TableWithStorage {
  readonly table: HashTable;
  readonly storage: Storage;
}

/** Keeps nothing: the table ends with the process, and so does its identity. */
class MemoryStorage implements Storage {
  readonly durability = "memory";
  readonly tableId = createTableId();
  readonly writtenSeq = 0;
  readonly durableSeq = 0;

  append(): number {
    return 0;
  }

  write(): void {}

  syncNow(): void {}

  sync(): Promise<void> {
    return Promise.resolve();
  }
}

/** Makes a storage that keeps nothing. */
export function memoryStorage(): Storage {
  return new MemoryStorage();
}
