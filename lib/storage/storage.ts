/**
 * The interface between the engine and storage, which keeps changes on disk.
 *
 * Changes are numbered. `append` adds a change to the open batch, `write` hands the batch to the operating
 * system, and a sync makes all written changes durable.
 */
import type { HashTable } from "../table/hash_table.ts";
import type { Change } from "./log/table_change.ts";

export { type Change, WriteError } from "./log/table_change.ts";

/** The time of a sync of the log: before a change is acknowledged, once a second, or never. */
export type FsyncPolicy = "always" | "interval" | "never";

/** Receives every change, in the order of the changes. */
export interface Storage {
  /** The durability of changes, in a word: a member of `info` and of the catalog record. */
  readonly durability: "memory" | FsyncPolicy;
  /** Identity of the table: a random string that is kept with the table. */
  readonly tableId: string;
  /** Number of the last change that the operating system has. */
  readonly writtenSeq: number;
  /** Number of the last change that a reply may show (I2). */
  readonly durableSeq: number;
  /** Adds a change to the open batch and returns its number; its bytes are copied. */
  append(change: Change): number;
  /**
   * Hands the open batch to the operating system.
   *
   * @throws {WriteError} if the batch was not written whole; it is dropped then, with its numbers
   */
  write(): void;
  /**
   * Forces all written changes to disk, and blocks meanwhile. If that does not make them durable,
   * `durableSeq` stays the same, and `sync` waits.
   */
  syncNow(): void;
  /** Forces changes that were written before the call to disk, in the background. */
  sync(): Promise<void>;
}

/** A table, and the storage that receives its changes. */
export interface TableWithStorage {
  readonly table: HashTable;
  readonly storage: Storage;
}

/** Keeps no changes: the table and its identity end with the process. */
class MemoryStorage implements Storage {
  readonly durability = "memory";
  readonly tableId = crypto.randomUUID();
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

/** Creates a storage that keeps no changes. */
export function memoryStorage(): Storage {
  return new MemoryStorage();
}
