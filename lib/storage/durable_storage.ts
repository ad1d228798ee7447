/**
 * The table on disk: a log of every change, and now and then a checkpoint that replaces an over-long
 * log. The files are specified in `log_record.ts` and `file_names.ts`.
 *
 * If another program removes or replaces one of the files, the table is written anew (`file_guard.ts`),
 * and until that is done no further change counts as durable (I2).
 */
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { HashTable } from "../table/hash_table.ts";
import { Checkpointer } from "./checkpointer.ts";
import { FileGuard } from "./file_guard.ts";
import type { Files } from "./folder/folder_files.ts";
import { FolderLostError } from "./folder/lock_file.ts";
import type { Recovered } from "./recovery/recovery.ts";
import { type Change, type FsyncPolicy, type Storage, WriteError } from "./storage.ts";
import { TableFiles } from "./table_files.ts";

/** When a log is over-long. */
export interface CompactLimits {
  /** Changes in the log; undefined: no matter how many. */
  readonly entries: number | undefined;
  /** Bytes of the log; undefined: as many as the last checkpoint has, and `MIN_COMPACT_BYTES` at least. */
  readonly bytes: number | undefined;
}

/** Smallest log that is compacted by default, in bytes. */
export const MIN_COMPACT_BYTES = 64_000_000;

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
   * what is on disk, and another try may lie (I6). Also called with a `FolderLostError`, when nothing
   * more may be written to the folder, and if the table cannot be written before the end.
   */
  readonly onSyncFailure: (error: unknown) => void;
}

/** Keeps one table in one folder. */
export class DurableStorage implements Storage {
  readonly durability: FsyncPolicy;
  readonly tableId: string;
  readonly #compact: CompactLimits;
  readonly #log: Log;
  readonly #onSyncFailure: (error: unknown) => void;
  readonly #tableFiles: TableFiles;
  /** Number of the last change in the open batch. */
  #lastSeq: number;
  #writtenSeq: number;
  #syncedSeq: number;
  #durableSeq: number;
  #checkpointing: Promise<void> | undefined;
  readonly #checkpointer: Checkpointer;
  readonly #guard: FileGuard;
  /** Whether the process is to end. */
  #isOver = false;
  /** After a failed checkpoint: the log's size before the next attempt. */
  #retryBytes = 0;
  readonly #closing = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Woken at each sync. */
  #synced = Promise.withResolvers<void>();

  constructor(options: DurableOptions) {
    this.durability = options.fsync;
    this.tableId = options.recovered.tableId;
    this.#compact = options.compact;
    this.#log = options.log;
    this.#onSyncFailure = options.onSyncFailure;
    this.#tableFiles = new TableFiles(options.files, options.recovered, (name, newName) => {
      this.#log.warn(
        `Another program put a file in the place of '${name}': it is '${newName}' now`,
      );
    });
    this.#lastSeq =
      this.#writtenSeq =
      this.#syncedSeq =
      this.#durableSeq =
        options.recovered.lastSeq;
    this.#checkpointer = new Checkpointer({
      ...options,
      tableFiles: this.#tableFiles,
      tableId: this.tableId,
      checkpointBytes: options.recovered.checkpointBytes,
      signal: this.#closing.signal,
      syncing: {
        syncAll: () => this.#syncAll(),
        writtenSeq: () => this.#writtenSeq,
        waitUntilSynced: () => this.#untilSynced(),
      },
    });
    this.#guard = new FileGuard({
      ...options,
      tableFiles: this.#tableFiles,
      checkpointer: this.#checkpointer,
      signal: this.#closing.signal,
      endProcess: (error) => this.#end(error),
      isEnding: () => this.#isOver,
      onStart: (work) => {
        this.#wakeSynced(); // A checkpoint may wait for a sync that now waits for this.
        this.#keepCheckpointing(work);
      },
      onRestored: () => this.#noteDurable(),
    });
    if (options.fsync === "interval") this.#timer = setInterval(this.#syncSoon, SYNC_INTERVAL_MS);
    // A crash came between a checkpoint and its logs: the next one tidies up. Or the identity is new to
    // files of an earlier version: the next one makes it durable.
    const { olderLogs, isNewTableId } = options.recovered;
    if (olderLogs.length > 0 || isNewTableId) this.#beginCheckpoint();
  }

  get writtenSeq(): number {
    return this.#writtenSeq;
  }

  /**
   * With `always`, what is synced; else what is written: that is what the policy says. While a file is
   * missing it stays where it was.
   */
  get durableSeq(): number {
    return this.#durableSeq;
  }

  append(change: Change): number {
    const seq = this.#lastSeq + 1;
    this.#tableFiles.active.append(seq, seq - this.#syncedSeq, change); // may throw: no memory for it
    return this.#lastSeq = seq;
  }

  write(): void {
    const { active } = this.#tableFiles;
    try {
      const { writeError } = this.#guard;
      if (writeError !== undefined) {
        active.drop();
        throw new WriteError(writeError);
      }
      active.write();
    } catch (error) {
      this.#lastSeq = this.#writtenSeq;
      if (!(error instanceof WriteError)) this.#end(error);
      throw error;
    }
    this.#writtenSeq = this.#lastSeq;
    this.#noteDurable();
    if (this.#isOverlong()) this.#beginCheckpoint();
  }

  /** While a file is missing, this leaves `durableSeq` as it is. */
  syncNow(): void {
    const seq = this.#writtenSeq;
    try {
      this.#tableFiles.active.syncNow();
    } catch (error) {
      this.#end(error);
      throw error;
    }
    this.#noteSynced(seq);
  }

  /** While a file is missing, this waits until it is restored. */
  async sync(): Promise<void> {
    await this.#syncLog();
    await this.#guard.restoring;
  }

  /**
   * Looks whether the folder and the files are still this server's; to be called about once a second.
   * If a file is missing or is another one, the table is written to a new checkpoint and log.
   */
  look(): void {
    if (!this.#isOver) this.#guard.look(this.#checkpointing);
  }

  /**
   * Says that `close` comes when the clients are gone. A checkpoint under way is given up; if a file is
   * missing, one more attempt is made to write the table, and if that fails, the process ends: clients
   * that wait for it would wait forever.
   */
  beginClose(): void {
    this.#closing.abort();
  }

  /**
   * Forces all to the disk and closes the files. A checkpoint under way is given up, unless a file is
   * missing: then the table would be lost without it.
   */
  async close(): Promise<void> {
    this.beginClose();
    clearInterval(this.#timer);
    await this.#checkpointing;
    await this.sync();
    this.look(); // the last moment at which the table is in memory
    await this.#guard.restoring;
    this.#tableFiles.close();
  }

  /** Waits for the checkpoint that is under way, if one is. */
  get checkpointing(): Promise<void> | undefined {
    return this.#checkpointing;
  }

  readonly #syncSoon = () => {
    if (this.#syncedSeq < this.#writtenSeq) this.#syncLog().catch(() => {}); // it has ended the process
  };

  async #syncLog(): Promise<void> {
    const seq = this.#writtenSeq;
    try {
      await this.#tableFiles.active.sync();
    } catch (error) {
      this.#end(error);
      throw error;
    }
    this.#noteSynced(seq);
  }

  #end(error: unknown): void {
    this.#isOver = true;
    this.#onSyncFailure(error);
  }

  #noteSynced(seq: number): void {
    if (seq <= this.#syncedSeq) return;
    this.#syncedSeq = seq;
    this.#noteDurable();
    this.#wakeSynced();
  }

  #wakeSynced(): void {
    this.#synced.resolve();
    this.#synced = Promise.withResolvers();
  }

  #noteDurable(): void {
    if (this.#guard.restoring) return;
    this.#durableSeq = this.durability === "always" ? this.#syncedSeq : this.#writtenSeq;
  }

  #isOverlong(): boolean {
    const { entries = Infinity, bytes = Math.max(MIN_COMPACT_BYTES, this.#checkpointer.bytes) } =
      this.#compact;
    const log = this.#tableFiles.active;
    return (log.entries >= entries || log.bytes >= bytes) && log.bytes >= this.#retryBytes;
  }

  #beginCheckpoint(): void {
    if (this.#checkpointing || this.#closing.signal.aborted) return;
    this.look();
    if (this.#checkpointing || this.#isOver) return;
    this.#keepCheckpointing(
      this.#checkpointer.take().then(() => {
        this.#retryBytes = 0;
      }, (error) => {
        if (error instanceof FolderLostError) return this.#end(error);
        if (this.#closing.signal.aborted) return;
        this.#retryBytes = this.#tableFiles.active.bytes * 2;
        this.#log.warn(
          `Cannot write a checkpoint, trying again later; the log goes on and nothing is lost: ${
            messageOf(error)
          }`,
        );
      }),
    );
  }

  #keepCheckpointing(work: Promise<void>): void {
    const checkpointing = this.#checkpointing = work.finally(() => {
      if (this.#checkpointing === checkpointing) this.#checkpointing = undefined;
    });
  }

  /** All that was written is on disk when it ends, and nothing is written between that and the end. */
  async #syncAll(): Promise<void> {
    // Where it may be much, most of it in the background.
    if (this.durability !== "always") await this.#syncLog();
    // Between turns there is no open batch.
    this.syncNow();
  }

  async #untilSynced(): Promise<void> {
    const seq = this.#lastSeq;
    while (this.#syncedSeq < seq && this.#writtenSeq > this.#syncedSeq) {
      if (this.durability === "always" && !this.#guard.restoring) await this.#synced.promise;
      else await this.#syncLog();
    }
  }
}
