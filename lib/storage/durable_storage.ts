/**
 * The storage of a table on disk: a log of every change, and a checkpoint that replaces a log when the log
 * gets too long. The files are specified in `log_record.ts` and `file_names.ts`.
 *
 * If another program removes or replaces a file, the guard writes the table again (`file_guard.ts`). Until
 * then, no further change counts as durable (I2).
 */
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { HashTable } from "../table/hash_table.ts";
import { Checkpointer } from "./checkpointer.ts";
import { FileGuard } from "./file_guard.ts";
import type { Files } from "./folder/folder_files.ts";
import { FolderLostError } from "./folder/lock_file.ts";
import type { Recovery } from "./recovery/recovery.ts";
import { type Change, type FsyncPolicy, type Storage, WriteError } from "./storage.ts";
import { TableFiles } from "./table_files.ts";

/** The size at which a checkpoint replaces a log. */
export interface CompactLimits {
  /** Changes in the log; undefined: no limit. */
  readonly entries: number | undefined;
  /** Bytes of the log; undefined: as many as in the last checkpoint, but at least `MIN_COMPACT_BYTES`. */
  readonly bytes: number | undefined;
}

/** Smallest log that is compacted by default, in bytes. */
export const MIN_COMPACT_BYTES = 64_000_000;

/** Interval of syncs with `--fsync interval`, in milliseconds: a power failure may lose its changes. */
const SYNC_INTERVAL_MS = 1_000;

/** Settings and parts of a storage. */
interface DurableOptions {
  readonly files: Files;
  readonly table: HashTable;
  readonly recovery: Recovery;
  readonly fsync: FsyncPolicy;
  readonly compact: CompactLimits;
  readonly log: Log;
  /**
   * Ends the process. After a failed sync, or a failed write that could not be undone, the content of the
   * disk is unknown, although another sync may report success (I6). This is also called with a
   * `FolderLostError`, and if the table cannot be written before the end.
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
  /** Whether the process is ending. */
  #isEnding = false;
  /** After a failed checkpoint: size in bytes that the log must have before the next attempt. */
  #retryBytes = 0;
  readonly #closing = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Resolves at the next sync. */
  #synced = Promise.withResolvers<void>();

  constructor(options: DurableOptions) {
    this.durability = options.fsync;
    this.tableId = options.recovery.tableId;
    this.#compact = options.compact;
    this.#log = options.log;
    this.#onSyncFailure = options.onSyncFailure;
    this.#tableFiles = new TableFiles(options.files, options.recovery, (name, newName) => {
      this.#log.warn(
        `Another program put a file in the place of '${name}': it is '${newName}' now`,
      );
    });
    this.#lastSeq =
      this.#writtenSeq =
      this.#syncedSeq =
      this.#durableSeq =
        options.recovery.lastSeq;
    this.#checkpointer = new Checkpointer({
      ...options,
      tableFiles: this.#tableFiles,
      tableId: this.tableId,
      checkpointBytes: options.recovery.checkpointBytes,
      signal: this.#closing.signal,
      syncing: {
        syncAll: () => this.#syncAll(),
        writtenSeq: () => this.#writtenSeq,
        waitUntilSynced: () => this.#waitUntilSynced(),
      },
    });
    this.#guard = new FileGuard({
      ...options,
      tableFiles: this.#tableFiles,
      checkpointer: this.#checkpointer,
      signal: this.#closing.signal,
      endProcess: (error) => this.#endProcess(error),
      isEnding: () => this.#isEnding,
      onStart: (work) => {
        this.#resolveSynced(); // a checkpoint may wait for a sync that now waits for `work`
        this.#trackCheckpoint(work);
      },
      onRestored: () => this.#updateDurableSeq(),
    });
    if (options.fsync === "interval") {
      this.#timer = setInterval(this.#syncInterval, SYNC_INTERVAL_MS);
    }
    // Older logs exist if a crash came before their removal: this checkpoint removes them. It also makes
    // a new identity durable.
    const { olderLogs, isNewTableId } = options.recovery;
    if (olderLogs.length > 0 || isNewTableId) this.#startCheckpoint();
  }

  get writtenSeq(): number {
    return this.#writtenSeq;
  }

  /**
   * With `always`, the number of the last synced change, else of the last written one. The number stays the
   * same while a file is missing.
   */
  get durableSeq(): number {
    return this.#durableSeq;
  }

  append(change: Change): number {
    const seq = this.#lastSeq + 1;
    this.#tableFiles.active.append(seq, seq - this.#syncedSeq, change); // throws if memory is full
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
      if (!(error instanceof WriteError)) this.#endProcess(error);
      throw error;
    }
    this.#writtenSeq = this.#lastSeq;
    this.#updateDurableSeq();
    if (this.#isLogTooLong()) this.#startCheckpoint();
  }

  /** While a file is missing, `durableSeq` stays the same. */
  syncNow(): void {
    const seq = this.#writtenSeq;
    try {
      this.#tableFiles.active.syncNow();
    } catch (error) {
      this.#endProcess(error);
      throw error;
    }
    this.#recordSynced(seq);
  }

  /** While a file is missing, this waits until the table is on disk again. */
  async sync(): Promise<void> {
    await this.#syncLog();
    await this.#guard.restoring;
  }

  /**
   * Checks that the folder and its files were not removed or replaced; called about once a second. If a
   * file is missing, the table is written to a new checkpoint and log.
   */
  checkFiles(): void {
    if (!this.#isEnding) this.#guard.check(this.#checkpointing);
  }

  /**
   * Prepares for `close`, which follows when the clients are disconnected. It aborts a checkpoint. If a
   * file is missing, the guard tries to write the table once more. If that fails, the process ends:
   * otherwise its clients would wait forever.
   */
  beginClose(): void {
    this.#closing.abort();
  }

  /**
   * Forces all changes to disk and closes the files. It aborts a checkpoint, unless a file is missing:
   * then the table would be lost without the checkpoint.
   */
  async close(): Promise<void> {
    this.beginClose();
    clearInterval(this.#timer);
    await this.#checkpointing;
    await this.sync();
    this.checkFiles(); // the last chance to write the table
    await this.#guard.restoring;
    this.#tableFiles.close();
  }

  /** The checkpoint in progress, if any. */
  get checkpointing(): Promise<void> | undefined {
    return this.#checkpointing;
  }

  readonly #syncInterval = () => {
    if (this.#syncedSeq < this.#writtenSeq) this.#syncLog().catch(() => {}); // a failure ends the process
  };

  async #syncLog(): Promise<void> {
    const seq = this.#writtenSeq;
    try {
      await this.#tableFiles.active.sync();
    } catch (error) {
      this.#endProcess(error);
      throw error;
    }
    this.#recordSynced(seq);
  }

  #endProcess(error: unknown): void {
    this.#isEnding = true;
    this.#onSyncFailure(error);
  }

  #recordSynced(seq: number): void {
    if (seq <= this.#syncedSeq) return;
    this.#syncedSeq = seq;
    this.#updateDurableSeq();
    this.#resolveSynced();
  }

  #resolveSynced(): void {
    this.#synced.resolve();
    this.#synced = Promise.withResolvers();
  }

  #updateDurableSeq(): void {
    if (this.#guard.restoring) return;
    this.#durableSeq = this.durability === "always" ? this.#syncedSeq : this.#writtenSeq;
  }

  #isLogTooLong(): boolean {
    const { entries = Infinity, bytes = Math.max(MIN_COMPACT_BYTES, this.#checkpointer.bytes) } =
      this.#compact;
    const log = this.#tableFiles.active;
    return (log.entries >= entries || log.bytes >= bytes) && log.bytes >= this.#retryBytes;
  }

  #startCheckpoint(): void {
    if (this.#checkpointing || this.#closing.signal.aborted) return;
    this.checkFiles();
    if (this.#checkpointing || this.#isEnding) return;
    this.#trackCheckpoint(
      this.#checkpointer.take().then(() => {
        this.#retryBytes = 0;
      }, (error) => {
        if (error instanceof FolderLostError) return this.#endProcess(error);
        if (this.#closing.signal.aborted) return;
        this.#retryBytes = this.#tableFiles.active.bytes * 2;
        this.#log.warn(
          `Cannot write a checkpoint, trying again later; changes still go to the log, and nothing is lost: ${
            messageOf(error)
          }`,
        );
      }),
    );
  }

  #trackCheckpoint(work: Promise<void>): void {
    const checkpointing = this.#checkpointing = work.finally(() => {
      if (this.#checkpointing === checkpointing) this.#checkpointing = undefined;
    });
  }

  /** Forces all written changes to disk. The last sync blocks, so no write comes between it and the return. */
  async #syncAll(): Promise<void> {
    // Many bytes may be unsynced: most of them are synced in the background.
    if (this.durability !== "always") await this.#syncLog();
    // Between batches of the queue, the open batch is empty.
    this.syncNow();
  }

  async #waitUntilSynced(): Promise<void> {
    const seq = this.#lastSeq;
    while (this.#syncedSeq < seq && this.#writtenSeq > this.#syncedSeq) {
      if (this.durability === "always" && !this.#guard.restoring) await this.#synced.promise;
      else await this.#syncLog();
    }
  }
}
