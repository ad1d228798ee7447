/**
 * Group commit: all changes of a turn go to the storage in one write and one sync, and no reply that
 * shows one of them leaves before that (I2). Replies that show none do not wait.
 */
import { messageOf } from "../base/errors.ts";
import type { Change, Storage } from "../storage/storage.ts";
import { WriteError } from "../storage/storage.ts";
import type { HashTable } from "../table/hash_table.ts";
import { SyncChoice } from "./sync_choice.ts";

/** Somebody who waits until a change is durable. */
export interface Waiter {
  /** Number of the last change that its replies show. */
  readonly afterSeq: number;
  readonly done: () => void;
}

/** What a key held before a change in the open batch; undefined: nothing. */
interface Undo {
  readonly key: string;
  readonly before: string | undefined;
  /** The change before that one, where it is not durable either. */
  readonly changedBefore: number | undefined;
}

/** Follows each change from the table to the disk. */
export class Commits {
  readonly #storage: Storage;
  readonly #table: HashTable;
  readonly #choice = new SyncChoice();
  /** Keys changed since the last sync began, with the number of the change; and those before, until it ends. */
  #changed = new Map<string, number>();
  #syncing = new Map<string, number>();
  #undo: Undo[] = [];
  #lastSeq: number;
  #waiters: Waiter[] = [];
  #isSyncing = false;

  constructor(storage: Storage, table: HashTable) {
    this.#storage = storage;
    this.#table = table;
    this.#lastSeq = storage.writtenSeq;
  }

  /** Number of the last change that was handed to the system: what came after may still be undone. */
  get writtenSeq(): number {
    return this.#storage.writtenSeq;
  }

  /**
   * Notes a change that was just made to the table.
   *
   * @param before what the key held before
   * @returns the change's number
   */
  add(change: Change, before: string | undefined): number {
    if (this.#storage.durability === "memory") return 0;
    const seq = this.#lastSeq = this.#storage.append(change);
    this.#undo.push({ key: change.key, before, changedBefore: this.#changed.get(change.key) });
    this.#changed.set(change.key, seq);
    return seq;
  }

  /**
   * Number of the change that a reply shows; 0 where it shows none that is not durable.
   *
   * @param key that the reply is about; undefined: the whole table
   */
  shownBy(key: string | undefined): number {
    if (this.#lastSeq <= this.#storage.durableSeq) return 0;
    if (key === undefined) return this.#lastSeq;
    return this.#changed.get(key) ?? this.#syncing.get(key) ?? 0;
  }

  /**
   * Writes the open batch.
   *
   * @returns undefined; or why it could not be written: all its changes are undone then
   */
  write(): string | undefined {
    try {
      this.#storage.write();
      this.#undo = [];
      return undefined;
    } catch (error) {
      if (!(error instanceof WriteError)) throw error;
      this.#undoAll();
      return messageOf(error);
    }
  }

  /** Lets go who waits for nothing, and the others once what they wait for is durable. */
  release(waiters: Waiter[]): void {
    if (this.#storage.durableSeq < this.#storage.writtenSeq) this.#sync();
    else this.#changed.clear();
    this.#table.giveBackSlots();
    for (const waiter of waiters) {
      if (waiter.afterSeq <= this.#storage.durableSeq) waiter.done();
      else this.#waiters.push(waiter);
    }
  }

  #sync(): void {
    if (this.#isSyncing) return; // what was written meanwhile is synced after that
    const beganMs = performance.now();
    this.#syncing = this.#changed;
    this.#changed = new Map();
    if (this.#choice.isInline) {
      this.#storage.syncNow();
      this.#choice.took(performance.now() - beganMs);
      this.#synced();
      return;
    }
    this.#isSyncing = true;
    this.#storage.sync().then(() => {
      this.#isSyncing = false;
      this.#choice.took(performance.now() - beganMs);
      this.#synced();
      this.release([]);
    }, () => {}); // the storage has ended the process
  }

  #synced(): void {
    this.#syncing = new Map();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (waiter.afterSeq <= this.#storage.durableSeq) waiter.done();
      else this.#waiters.push(waiter);
    }
  }

  /** Backwards, so that each key gets the slot and the value that it had. */
  #undoAll(): void {
    for (const { key, before, changedBefore } of this.#undo.reverse()) {
      if (before === undefined) this.#table.remove(key);
      else this.#table.insert(key, before);
      if (changedBefore === undefined) this.#changed.delete(key);
      else this.#changed.set(key, changedBefore);
    }
    this.#undo = [];
    this.#lastSeq = this.#storage.writtenSeq;
  }
}
