/**
 * The checkpoints of a table while the server serves requests.
 *
 * A checkpoint first starts a new log. Then it writes the table slot by slot, in slices of a millisecond.
 * It may or may not contain changes that clients make during that time. Changes are absolute, so replaying
 * the new log over the checkpoint gives the same table in both cases. The replaced files lose their names
 * at once, and their disk space in small steps (`deferred_delete.ts`).
 */
import { sleep } from "../base/clock.ts";
import { CHECKPOINT_PAUSE_MS, CHECKPOINT_SLICE_MS, CHECKPOINT_SYNC_BYTES } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { HashTable } from "../table/hash_table.ts";
import { CheckpointWriter } from "./log/checkpoint_writer.ts";
import { type Files, type FileStatus, removeQuietly } from "./folder/folder_files.ts";
import { DeferredDelete } from "./folder/deferred_delete.ts";
import type { TableFiles } from "./table_files.ts";

/** The parts of storage that a checkpoint needs: numbers of changes, and syncs. */
interface LogSync {
  /** Forces all written changes to disk. The last sync blocks, so no write comes between it and the return. */
  syncAll(): Promise<void>;
  /** Number of the last change that was written. */
  writtenSeq(): number;
  /** Resolves when all changes that the table holds now are on disk. */
  waitUntilSynced(): Promise<void>;
}

/** Settings and parts of a checkpointer. */
interface CheckpointerOptions {
  readonly files: Files;
  readonly table: HashTable;
  readonly tableFiles: TableFiles;
  /** Identity of the table. */
  readonly tableId: string;
  readonly syncing: LogSync;
  /** Size of the last checkpoint, in bytes; 0 without a checkpoint. */
  readonly checkpointBytes: number;
  readonly log: Log;
  /** Aborts a checkpoint. */
  readonly signal: AbortSignal;
}

/** The new log of a checkpoint. */
interface CheckpointStart {
  /** Number of the last change in earlier logs. */
  readonly covers: number;
  /** Number of the new log. */
  readonly log: number;
}

/** Takes checkpoints of one table, one at a time. */
export class Checkpointer {
  /** Size of the last checkpoint, in bytes. */
  bytes: number;
  readonly #options: CheckpointerOptions;
  /** The new log of a failed checkpoint, which the next attempt uses. */
  #start: CheckpointStart | undefined;
  /** Whether logs may still exist that the last checkpoint replaced. */
  #hasOldLogs = false;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.bytes = options.checkpointBytes;
  }

  /**
   * Takes a checkpoint.
   *
   * @throws if it fails or is aborted; then the logs still hold all changes
   */
  take(): Promise<void> {
    return this.#take(false);
  }

  /** Takes a checkpoint if a file is missing: it cannot be aborted, and the log may be the missing file. */
  takeUninterrupted(): Promise<void> {
    if (!this.#options.tableFiles.isActiveIntact()) this.#start = undefined;
    // If the checkpoint is missing, only the older logs are on disk. They must stay until the new
    // checkpoint is durable (I3), which then removes them.
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
      // The checkpoint may hold changes that the log does not have on disk yet.
      await syncing.waitUntilSynced();
      await tableFiles.replaceCheckpoint(written, replaced);
    } catch (error) {
      tableFiles.discardCheckpoint(written);
      throw error;
    }
    this.bytes = written.bytes;
    await files.syncFolder(); // I3: only after this may the replaced logs be removed
    this.#start = undefined;
    this.#hasOldLogs = true;
    await this.#removeOldLogs(replaced);
    log.debug("checkpoint", {
      covers: start.covers,
      bytes: this.bytes,
      took_ms: Math.round(performance.now() - startedMs),
    });
    await replaced.freeSpace(signal); // I3: no name on disk leads to these files now
  }

  async #removeOldLogs(replaced: DeferredDelete): Promise<void> {
    await this.#options.tableFiles.removeOldLogs(replaced);
    this.#hasOldLogs = false;
  }

  /** Starts a new log and switches further changes to it. */
  async #startLog(): Promise<CheckpointStart> {
    const { files, syncing, tableFiles, tableId } = this.#options;
    const log = await tableFiles.createLog(tableId);
    try {
      // Changes in the new log count as durable only if those in the old log are.
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
        // One sync of the whole file would delay the syncs of the log.
        if (writer.unsyncedBytes > CHECKPOINT_SYNC_BYTES) await writer.sync();
        const isAborted = !(await sleep(CHECKPOINT_PAUSE_MS, signal)) && !isUninterrupted;
        if (isAborted) throw new Error("closing");
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
