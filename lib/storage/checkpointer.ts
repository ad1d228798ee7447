/**
 * Takes checkpoints while the server serves: a new log is begun, then the table is walked slot by slot
 * in slices of a millisecond, and what each key holds then is written. Changes in the meantime may be
 * in it or not; replaying the new log over it gives the same either way, since changes are absolute.
 * The files that it replaces lose their names at once and their room bit by bit (`deferred_delete.ts`).
 */
import { sleep } from "../base/clock.ts";
import { CHECKPOINT_PAUSE_MS, CHECKPOINT_SLICE_MS, CHECKPOINT_SYNC_BYTES } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { HashTable } from "../table/hash_table.ts";
import { CheckpointWriter } from "./log/checkpoint_writer.ts";
import { type Files, type FileStatus, removeQuietly } from "./folder/folder_files.ts";
import { DeferredDelete } from "./folder/deferred_delete.ts";
import type { TableFiles } from "./table_files.ts";

/** What a checkpoint needs to know of changes and syncs. */
export interface LogSync {
  /** Forces all to disk that was written; nothing is written between that and the end of it. */
  syncAll(): Promise<void>;
  /** Number of the last change that was written. */
  writtenSeq(): number;
  /** Waits until all changes that the table shows now are on disk. */
  waitUntilSynced(): Promise<void>;
}

/** How to take checkpoints. */
export interface CheckpointerOptions {
  readonly files: Files;
  readonly table: HashTable;
  readonly tableFiles: TableFiles;
  /** Identity of the table. */
  readonly tableId: string;
  readonly syncing: LogSync;
  /** Size of the last checkpoint; 0: there is none. */
  readonly checkpointBytes: number;
  readonly log: Log;
  /** Ends a checkpoint early. */
  readonly signal: AbortSignal;
}

/** A log that was begun for a checkpoint. */
interface CheckpointStart {
  /** Number of the last change before it. */
  readonly covers: number;
  /** Number of the log. */
  readonly log: number;
}

/** Takes checkpoints of one table, one at a time. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  /** Of a checkpoint that failed: its log was begun, and need not be begun again. */
  #start: CheckpointStart | undefined;
  /** Whether the checkpoint is there, but logs that it replaces may be, too. */
  #hasOldLogs = false;
  #bytes: number;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#bytes = options.checkpointBytes;
  }

  /** Size of the last checkpoint. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a checkpoint.
   *
   * @throws if that fails, or is ended early: the logs have all changes then
   */
  take(): Promise<void> {
    return this.#take(false);
  }

  /** The same if a file is missing: it is not ended early, and does without the log if that is missing. */
  takeUninterrupted(): Promise<void> {
    if (!this.#options.tableFiles.isActiveIntact()) this.#start = undefined;
    // If it is the checkpoint that is missing, older logs are all that is on disk: they stay until the
    // new one is durable (I3), which then removes them.
    this.#hasOldLogs = false;
    return this.#take(true);
  }

  async #take(isUninterrupted: boolean): Promise<void> {
    const startedMs = performance.now();
    const { files, log, signal, syncing, tableFiles } = this.#options;
    using replaced = new DeferredDelete(files);
    if (this.#hasOldLogs) await this.#removeOldLogs(replaced);
    const start = this.#start ??= await this.#startLog();
    const written = await this.#writeTable(start, isUninterrupted);
    try {
      // What the walk saw must not be on disk before the log that tells of it.
      await syncing.waitUntilSynced();
      await tableFiles.replaceCheckpoint(written, replaced);
    } catch (error) {
      tableFiles.discardCheckpoint(written);
      throw error;
    }
    this.#bytes = written.bytes;
    await files.syncFolder(); // I3: only now may the logs go that it replaces
    this.#start = undefined;
    this.#hasOldLogs = true;
    await this.#removeOldLogs(replaced);
    log.debug("checkpoint", {
      covers: start.covers,
      bytes: this.#bytes,
      took_ms: Math.round(performance.now() - startedMs),
    });
    await replaced.free(signal); // I3: no name on disk leads to any of them now
  }

  async #removeOldLogs(replaced: DeferredDelete): Promise<void> {
    await this.#options.tableFiles.removeOldLogs(replaced);
    this.#hasOldLogs = false;
  }

  /** Begins another log, and lets changes go there from now on. */
  async #startLog(): Promise<CheckpointStart> {
    const { files, syncing, tableFiles, tableId } = this.#options;
    const log = await tableFiles.createLog(tableId);
    try {
      // What the old log holds must be on disk before anything in the new one counts as such.
      await syncing.syncAll();
    } catch (error) {
      log.close();
      removeQuietly(files, log.name);
      throw error;
    }
    tableFiles.switchTo(log);
    return { covers: syncing.writtenSeq(), log: log.number };
  }

  /** Writes the whole table to the new checkpoint. */
  async #writeTable(
    { covers, log }: CheckpointStart,
    isUninterrupted: boolean,
  ): Promise<FileStatus> {
    const { files, signal, table, tableFiles, tableId } = this.#options;
    const writer = new CheckpointWriter(files, { covers, table: tableId, log });
    try {
      while (!writer.writeSlice(table, performance.now() + CHECKPOINT_SLICE_MS)) {
        // Bit by bit, or the last sync would take long and hold up the log's.
        if (writer.unsyncedBytes > CHECKPOINT_SYNC_BYTES) await writer.sync();
        const isGivenUp = !(await sleep(CHECKPOINT_PAUSE_MS, signal)) && !isUninterrupted;
        if (isGivenUp) throw new Error("closing");
      }
      writer.finish();
      await writer.sync();
      return writer.status();
    } catch (error) {
      tableFiles.discardCheckpoint(writer.status());
      throw error;
    } finally {
      writer.close();
    }
  }
}
