/**
 * Group commit: all changes of a turn go to the storage in one write and one sync, and no reply that
 * shows one of them leaves before that (I2). Replies that show none do not wait.
 *
 * Which change a key showed last is noted in one of `MARKS` places, chosen by the key's hash. Two keys
 * that share a place may wait for each other's change; that is rare, never wrong, and takes no memory
 * however many changes are on their way.
 */
import { messageOf } from "../base/errors.ts";
import type { Change, Storage } from "../storage/storage.ts";
import { WriteError } from "../storage/storage.ts";
import type { HashTable } from "../table/hash_table.ts";
import { SyncPolicy } from "./sync_policy.ts";

/** Places for the last change of keys; a power of two. */
const LAST_WRITE_SLOTS = 2 ** 18;

/** Somebody who waits until a change is durable. */
export interface Waiter {
  /** Number of the last change that its replies show. */
  readonly durableAfterSeq: number;
  readonly done: () => void;
}

/** Follows each change from the table to the disk. */
export class GroupCommit {
  /** Whether changes are written anywhere. */
  readonly keepsChanges: boolean;
  readonly #storage: Storage;
  readonly #table: HashTable;
  readonly #choice = new SyncPolicy();
  /** Number of the last change of a key with such a hash; a change that was taken back may stand there. */
  readonly #marks: Float64Array;
  #lastSeq: number;
  #waiters: Waiter[] = [];
  #isSyncing = false;

  constructor(storage: Storage, table: HashTable) {
    this.#storage = storage;
    this.#table = table;
    this.#lastSeq = storage.writtenSeq;
    this.keepsChanges = table.keepsUndo = storage.durability !== "memory";
    this.#marks = new Float64Array(this.keepsChanges ? LAST_WRITE_SLOTS : 0);
  }

  /** Number of the last change that was handed to the system: what came after may still be undone. */
  get writtenSeq(): number {
    return this.#storage.writtenSeq;
  }

  /** Whether there are changes that were not handed to the system. */
  get isOpen(): boolean {
    return this.#lastSeq > this.#storage.writtenSeq;
  }

  /** Number of the last change that may be told of. */
  get durableSeq(): number {
    return this.#storage.durableSeq;
  }

  /**
   * Notes a change that was just made to the table.
   *
   * @param hash of its key
   * @returns the change's number; 0: there is nothing to wait for
   */
  add(hash: number, change: Change): number {
    if (!this.keepsChanges) return 0;
    const seq = this.#lastSeq = this.#storage.append(change);
    this.#marks[hash & (LAST_WRITE_SLOTS - 1)] = seq;
    return seq;
  }

  /** Number of the change that a reply about a key shows; 0 where it shows none that is not durable. */
  lastWriteSeq(hash: number): number {
    const { durableSeq } = this.#storage;
    if (this.#lastSeq <= durableSeq) return 0;
    // A number beyond the last one is of a change that was taken back, and will be given again.
    const seq = Math.min(this.#marks[hash & (LAST_WRITE_SLOTS - 1)] ?? 0, this.#lastSeq);
    return seq > durableSeq ? seq : 0;
  }

  /** The same for a reply about the whole table. */
  lastTableWriteSeq(): number {
    return this.#lastSeq > this.#storage.durableSeq ? this.#lastSeq : 0;
  }

  /**
   * Writes the open batch.
   *
   * @returns undefined; or why it could not be written: all its changes are undone then
   */
  write(): string | undefined {
    try {
      this.#storage.write();
    } catch (error) {
      if (!(error instanceof WriteError)) throw error;
      this.#table.rollback();
      this.#lastSeq = this.#storage.writtenSeq;
      return messageOf(error);
    }
    this.#table.commit();
    return undefined;
  }

  /** Lets go who waits for nothing, and the others once what they wait for is durable. */
  release(waiters: Waiter[]): void {
    for (const waiter of waiters) this.#waiters.push(waiter);
    if (this.#storage.durableSeq < this.#storage.writtenSeq) this.#sync();
    this.#resolveReady();
  }

  #sync(): void {
    if (this.#isSyncing) return; // what was written meanwhile is synced after that
    const beganMs = performance.now();
    if (this.#choice.isInline(this.#waiters.length)) {
      this.#storage.syncNow();
      this.#choice.took(performance.now() - beganMs);
      // While a file of the table is missing, only the background waits until it is restored.
      if (this.#storage.durableSeq === this.#storage.writtenSeq) return;
    }
    this.#isSyncing = true;
    this.#storage.sync().then(() => {
      this.#isSyncing = false;
      this.#choice.took(performance.now() - beganMs);
      this.release([]);
    }, () => {}); // the storage has ended the process
  }

  #resolveReady(): void {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    const { durableSeq } = this.#storage;
    for (const waiter of waiters) {
      if (waiter.durableAfterSeq <= durableSeq) waiter.done();
      else this.#waiters.push(waiter);
    }
  }
}
