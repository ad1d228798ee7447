/**
 * The table on disk: a log of every change, and now and then a checkpoint that replaces an over-long
 * log. The files are specified in `txn_record.ts` and `data_folder.ts`.
 *
 * A checkpoint is taken while the server serves: a new log is begun, then the table is walked slot by
 * slot in slices of a millisecond, and what each key holds then is written. Changes in the meantime may
 * be in it or not; replaying the new log over it gives the same either way, since changes are absolute.
 * The files that it replaces lose their names at once and their room bit by bit (`replaced_files.ts`).
 */
import { sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { CHECKPOINT_PAUSE_MS, CHECKPOINT_SLICE_MS, CHECKPOINT_SYNC_BYTES } from "../base/limits.ts";
import type { FsyncPolicy } from "../base/fsync_policy.ts";
import type { Log } from "../base/log.ts";
import type { HashTable } from "../table/hash_table.ts";
import { CheckpointWriter } from "./checkpoint.ts";
import { CHECKPOINT, LOG, logNames, NEW_CHECKPOINT, nextLogName } from "./data_folder.ts";
import { type Files, removeQuietly } from "./files.ts";
import type { Recovered } from "./recovery.ts";
import { ReplacedFiles } from "./replaced_files.ts";
import { type Change, type Storage, WriteError } from "./storage.ts";
import { TxnLog } from "./txn_log.ts";

/** When a log is over-long. */
export interface CompactLimits {
  /** Changes in the log; undefined: no matter how many. */
  readonly entries: number | undefined;
  /** Bytes of the log; undefined: as many as the last checkpoint has, and `LEAST_COMPACT_BYTES` at least. */
  readonly bytes: number | undefined;
}

/** Smallest log that is compacted by default, in bytes. */
export const LEAST_COMPACT_BYTES = 64_000_000;

/** Time between two syncs with `--fsync interval`, in milliseconds: what a power failure may cost. */
const SYNC_INTERVAL_MS = 1_000;

/** How to keep a table. */
export interface DurableOptions {
  readonly files: Files;
  readonly table: HashTable;
  readonly recovered: Recovered;
  readonly fsync: FsyncPolicy;
  readonly compact: CompactLimits;
  readonly log: Log;
  /**
   * Ends the process: after a failed sync, or a failed write that could not be taken back, nobody knows
   * what is on disk, and another try may lie (I6).
   */
  readonly onSyncFailure: (error: unknown) => void;
}

/** Keeps one table in one folder. */
export class DurableStorage implements Storage {
  readonly durability: FsyncPolicy;
  readonly tableId: string;
  readonly #files: Files;
  readonly #table: HashTable;
  readonly #compact: CompactLimits;
  readonly #log: Log;
  readonly #onSyncFailure: (error: unknown) => void;
  #active: TxnLog;
  /** Number of the last change in the open batch. */
  #lastSeq: number;
  #writtenSeq: number;
  #syncedSeq: number;
  #checkpointBytes: number;
  #checkpointing: Promise<void> | undefined;
  /** Of a checkpoint that failed: its log was begun, and need not be begun again. */
  #begun: { readonly covers: number; readonly log: TxnLog } | undefined;
  /** The log's name where the checkpoint is there, but logs that it replaces may be, too. */
  #untidy: string | undefined;
  /** After a failed checkpoint: the log's size before the next attempt. */
  #retryBytes = 0;
  readonly #closing = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Woken at each sync. */
  #synced = Promise.withResolvers<void>();

  constructor(options: DurableOptions) {
    this.durability = options.fsync;
    this.tableId = options.recovered.tableId;
    this.#files = options.files;
    this.#table = options.table;
    this.#compact = options.compact;
    this.#log = options.log;
    this.#onSyncFailure = options.onSyncFailure;
    this.#active = options.recovered.log;
    this.#checkpointBytes = options.recovered.checkpointBytes;
    this.#lastSeq = this.#writtenSeq = this.#syncedSeq = options.recovered.lastSeq;
    if (options.fsync === "interval") this.#timer = setInterval(this.#syncSoon, SYNC_INTERVAL_MS);
    // A crash came between a checkpoint and its logs: the next one tidies up. Or the identity is new to
    // files of an earlier version: the next one makes it durable.
    const { olderLogs, isNewTableId } = options.recovered;
    if (olderLogs.length > 0 || isNewTableId) this.#beginCheckpoint();
  }

  get writtenSeq(): number {
    return this.#writtenSeq;
  }

  /** With `always`, what is synced; else what is written: that is what the policy says. */
  get durableSeq(): number {
    return this.durability === "always" ? this.#syncedSeq : this.#writtenSeq;
  }

  append(change: Change): number {
    const seq = this.#lastSeq + 1;
    this.#active.append(seq, seq - this.#syncedSeq, change); // may throw: no memory for it
    return this.#lastSeq = seq;
  }

  write(): void {
    try {
      this.#active.write();
    } catch (error) {
      this.#lastSeq = this.#writtenSeq;
      if (!(error instanceof WriteError)) this.#onSyncFailure(error);
      throw error;
    }
    this.#writtenSeq = this.#lastSeq;
    if (this.#isOverlong()) this.#beginCheckpoint();
  }

  syncNow(): void {
    const seq = this.#writtenSeq;
    try {
      this.#active.syncNow();
    } catch (error) {
      this.#onSyncFailure(error);
      throw error;
    }
    this.#noteSynced(seq);
  }

  async sync(): Promise<void> {
    const seq = this.#writtenSeq;
    try {
      await this.#active.sync();
    } catch (error) {
      this.#onSyncFailure(error);
      throw error;
    }
    this.#noteSynced(seq);
  }

  /** Forces all to the disk and closes the files; a checkpoint under way is given up. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    await this.#checkpointing;
    await this.sync();
    this.#active.close();
  }

  /** Waits for the checkpoint that is under way, if one is. */
  get checkpointing(): Promise<void> | undefined {
    return this.#checkpointing;
  }

  readonly #syncSoon = () => {
    if (this.#syncedSeq < this.#writtenSeq) this.sync().catch(() => {}); // it has ended the process
  };

  #noteSynced(seq: number): void {
    if (seq <= this.#syncedSeq) return;
    this.#syncedSeq = seq;
    this.#synced.resolve();
    this.#synced = Promise.withResolvers();
  }

  #isOverlong(): boolean {
    const { entries = Infinity, bytes = Math.max(LEAST_COMPACT_BYTES, this.#checkpointBytes) } =
      this.#compact;
    const log = this.#active;
    return (log.entries >= entries || log.bytes >= bytes) && log.bytes >= this.#retryBytes;
  }

  #beginCheckpoint(): void {
    if (this.#checkpointing || this.#closing.signal.aborted) return;
    this.#checkpointing = this.#checkpoint().then(() => {
      this.#retryBytes = 0;
    }, (error) => {
      if (this.#closing.signal.aborted) return;
      this.#retryBytes = this.#active.bytes * 2;
      this.#log.warn(
        `Cannot write a checkpoint, trying again later; the log goes on and nothing is lost: ${
          messageOf(error)
        }`,
      );
    }).finally(() => this.#checkpointing = undefined);
  }

  async #checkpoint(): Promise<void> {
    const startedMs = performance.now();
    using replaced = new ReplacedFiles(this.#files);
    if (this.#untidy !== undefined) await this.#tidy(this.#untidy, replaced);
    const { covers, log } = this.#begun ??= await this.#beginLog();
    try {
      this.#checkpointBytes = await this.#writeTable(covers);
      // What the walk saw must not be on disk before the log that tells of it.
      await this.#untilSynced(this.#lastSeq);
      replaced.rename(NEW_CHECKPOINT, CHECKPOINT);
    } catch (error) {
      removeQuietly(this.#files, NEW_CHECKPOINT);
      throw error;
    }
    await this.#files.syncFolder(); // I3: only now may the logs go that it replaces
    this.#begun = undefined;
    this.#untidy = log.name;
    await this.#tidy(log.name, replaced);
    this.#log.debug("checkpoint", {
      covers,
      bytes: this.#checkpointBytes,
      took_ms: Math.round(performance.now() - startedMs),
    });
    await replaced.free(this.#closing.signal); // I3: no name on disk leads to any of them now
  }

  /** Removes the logs that the checkpoint replaces, and gives the one in use its usual name. */
  async #tidy(active: string, replaced: ReplacedFiles): Promise<void> {
    const names = logNames(await this.#files.list());
    for (const name of names) {
      if (name !== active && name !== LOG) replaced.remove(name);
    }
    // Or one of them might come back behind the log that is called LOG from now on.
    await this.#files.syncFolder();
    if (names.includes(active) && active !== LOG) replaced.rename(active, LOG);
    await this.#files.syncFolder();
    this.#untidy = undefined;
  }

  /** Begins another log, and lets changes go there from now on. */
  async #beginLog(): Promise<{ covers: number; log: TxnLog }> {
    const log = await TxnLog.create(
      this.#files,
      nextLogName(await this.#files.list()),
      this.tableId,
    );
    try {
      // Where it may be much, most of it in the background.
      if (this.durability !== "always") await this.sync();
      // Between turns there is no open batch. What the old log holds must be on disk before anything in
      // the new one counts as such.
      this.syncNow();
    } catch (error) {
      log.close();
      removeQuietly(this.#files, log.name);
      throw error;
    }
    this.#active.close();
    this.#active = log;
    return { covers: this.#writtenSeq, log };
  }

  /** Writes the whole table to the new checkpoint, and gives its size. */
  async #writeTable(covers: number): Promise<number> {
    const writer = new CheckpointWriter(this.#files, covers, this.tableId);
    try {
      while (!writer.writeSlice(this.#table, performance.now() + CHECKPOINT_SLICE_MS)) {
        // Bit by bit, or the last sync would take long and hold up the log's.
        if (writer.unsyncedBytes > CHECKPOINT_SYNC_BYTES) await writer.sync();
        if (!(await sleep(CHECKPOINT_PAUSE_MS, this.#closing.signal))) throw new Error("closing");
      }
      writer.finish();
      await writer.sync();
      return writer.bytes;
    } finally {
      writer.close();
    }
  }

  async #untilSynced(seq: number): Promise<void> {
    while (this.#syncedSeq < seq && this.#writtenSeq > this.#syncedSeq) {
      if (this.durability === "always") await this.#synced.promise;
      else await this.sync();
    }
  }
}
