/**
 * Group commit: all changes of a batch go to the storage in one write and one sync, and no reply that
 * shows one of them leaves before (I2). A reply that shows no such change does not wait.
 *
 * The number of a key's last change is in one of `LAST_WRITE_SLOTS` slots, chosen by the key's hash.
 * Keys that share a slot may wait for each other's change. That is rare, is always safe, and takes a
 * fixed amount of memory.
 */
import { messageOf } from "../base/errors.ts";
import type { Change, Storage } from "../storage/storage.ts";
import { WriteError } from "../storage/storage.ts";
import type { HashTable } from "../table/hash_table.ts";

/** Number of slots for the last changes of keys; a power of two. */
const LAST_WRITE_SLOTS = 2 ** 18;

/** Above this mean, in milliseconds, inline syncs move to the background. */
const SLOW_SYNC_MS = 0.5;

/**
 * Below this mean, in milliseconds, background syncs become inline again. It is larger than
 * `SLOW_SYNC_MS`, because the time of a background sync includes the hop to another thread and the
 * server's work before it notices the end. Otherwise a fast disk that was slow for a moment, during a
 * checkpoint for example, would stay in the background forever.
 */
const FAST_SYNC_MS = 1;

/**
 * With at least this many waiting replies, a sync goes to the background. About half of the inserting
 * clients wait at a time, so syncs are inline with up to about 30 such clients.
 */
const MIN_BACKGROUND_WAITERS = 16;

/** Weight of the last sync in the running mean. */
const SYNC_WEIGHT = 0.1;

/** Maximum that one sync counts for, in milliseconds: a single slow sync may be noise. */
const MAX_COUNTED_SYNC_MS = 2;

/** A client whose replies wait until a change is durable. */
export interface Waiter {
  /** Number of the last change that its replies show. */
  readonly durableAfterSeq: number;
  /** Called when that change is durable. */
  readonly done: () => void;
}

/**
 * Chooses between an inline sync, which stops everything while it runs, and one in the background, which
 * costs a hop to another thread and back.
 *
 * On a fast disk, the hop costs a few clients more than the wait. With many clients, the server reads
 * and executes requests during a background sync. docs/DURABILITY.md has the measurements.
 */
export class SyncPolicy {
  #isFast = true;
  #meanMs = 0;

  /**
   * Whether the next sync should be inline.
   *
   * @param waiters number of replies that wait for it
   */
  isInline(waiters: number): boolean {
    return this.#isFast && waiters < MIN_BACKGROUND_WAITERS;
  }

  /** Records the duration of a sync, in milliseconds, including the hop of a background sync. */
  record(ms: number): void {
    this.#meanMs += SYNC_WEIGHT * (Math.min(ms, MAX_COUNTED_SYNC_MS) - this.#meanMs);
    const isFast = this.#meanMs < (this.#isFast ? SLOW_SYNC_MS : FAST_SYNC_MS);
    if (isFast === this.#isFast) return;
    this.#isFast = isFast;
    this.#meanMs = isFast ? 0 : MAX_COUNTED_SYNC_MS; // time to measure the other kind of sync
  }
}

/** Writes and syncs changes by batch, and knows which replies must wait. */
export class GroupCommit {
  /** Whether the storage keeps changes on disk. */
  readonly keepsChanges: boolean;
  readonly #storage: Storage;
  readonly #table: HashTable;
  readonly #syncPolicy = new SyncPolicy();
  /** Number of the last change by slot; it may be a change that was rolled back. */
  readonly #lastWrites: Float64Array;
  #lastSeq: number;
  #waiters: Waiter[] = [];
  #isSyncing = false;

  constructor(storage: Storage, table: HashTable) {
    this.#storage = storage;
    this.#table = table;
    this.#lastSeq = storage.writtenSeq;
    this.keepsChanges = table.keepsUndo = storage.durability !== "memory";
    this.#lastWrites = new Float64Array(this.keepsChanges ? LAST_WRITE_SLOTS : 0);
  }

  /** Number of the last change that was written; later changes may still be rolled back. */
  get writtenSeq(): number {
    return this.#storage.writtenSeq;
  }

  /** Whether the open batch has changes. */
  get isOpen(): boolean {
    return this.#lastSeq > this.#storage.writtenSeq;
  }

  /** Number of the last durable change. Replies may show changes up to this one. */
  get durableSeq(): number {
    return this.#storage.durableSeq;
  }

  /**
   * Adds a change that was just made in the table to the open batch.
   *
   * @param hash of its key
   * @returns the number of the change; 0 if its reply does not have to wait
   */
  add(hash: number, change: Change): number {
    if (!this.keepsChanges) return 0;
    const seq = this.#lastSeq = this.#storage.append(change);
    this.#lastWrites[hash & (LAST_WRITE_SLOTS - 1)] = seq;
    return seq;
  }

  /** Number of the last change that a reply about a key shows; 0 if that change is durable. */
  lastWriteSeq(hash: number): number {
    const { durableSeq } = this.#storage;
    if (this.#lastSeq <= durableSeq) return 0;
    // A number beyond the last one is of a change that was rolled back; another change will get it.
    const seq = Math.min(this.#lastWrites[hash & (LAST_WRITE_SLOTS - 1)] ?? 0, this.#lastSeq);
    return seq > durableSeq ? seq : 0;
  }

  /** Number of the last change that a reply about the whole table shows; 0 if that change is durable. */
  lastTableWriteSeq(): number {
    return this.#lastSeq > this.#storage.durableSeq ? this.#lastSeq : 0;
  }

  /**
   * Writes the open batch.
   *
   * @returns the reason if it could not be written: all its changes are rolled back then
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

  /** Resolves waiters whose changes are durable, now or after the next sync. */
  release(waiters: Waiter[]): void {
    for (const waiter of waiters) this.#waiters.push(waiter);
    if (this.#storage.durableSeq < this.#storage.writtenSeq) this.#sync();
    this.#resolveReady();
  }

  #sync(): void {
    if (this.#isSyncing) return; // the end of that sync starts one for later changes
    const startMs = performance.now();
    if (this.#syncPolicy.isInline(this.#waiters.length)) {
      this.#storage.syncNow();
      this.#syncPolicy.record(performance.now() - startMs);
      // If a file of the table is missing, a background sync waits until it is restored.
      if (this.#storage.durableSeq === this.#storage.writtenSeq) return;
    }
    this.#isSyncing = true;
    this.#storage.sync().then(() => {
      this.#isSyncing = false;
      this.#syncPolicy.record(performance.now() - startMs);
      this.release([]);
    }, () => {}); // after a failed sync, the storage ends the process
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
