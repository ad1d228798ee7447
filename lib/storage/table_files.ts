/**
 * The files of one table while it is served: the active log, older logs, and the checkpoint.
 *
 * `TableFiles` keeps the identity of each file. So it notices that a file was removed or replaced, and it
 * never removes a file of another program.
 */
import {
  CHECKPOINT,
  findLogNames,
  LOG,
  makeForeignName,
  makeNextLogName,
  NEW_CHECKPOINT,
} from "./folder/file_names.ts";
import { isSameFile, isUnchanged } from "./folder/file_system.ts";
import type { Files, FileStatus, HeldFile } from "./folder/folder_files.ts";
import type { Recovery } from "./recovery/recovery.ts";
import type { DeferredDelete } from "./folder/deferred_delete.ts";
import { isEmptyLog, LogWriter } from "./log/log_writer.ts";

/** A log that is no longer written to, but that no checkpoint has replaced yet. */
interface OlderLog {
  readonly name: string;
  readonly status: FileStatus | undefined;
  /** Open, and so locked, until the name is removed; undefined after a restart. */
  readonly log: LogWriter | undefined;
}

/** The error for a file of the table that another program removed, replaced or cut. */
export class MissingFileError extends Error {
  override name = "MissingFileError";

  constructor(file: string) {
    super(`'${file}' was removed or changed by another program`);
  }
}

/** The files of one table. */
export class TableFiles {
  /** The log that changes are written to; `switchTo` replaces it. */
  active: LogWriter;
  readonly #files: Files;
  readonly #onForeign: (name: string, newName: string) => void;
  #older: OlderLog[];
  #checkpoint: FileStatus | undefined;
  /** The open checkpoint: no other file gets its inode while it is open. */
  #held: HeldFile | undefined;

  /** @param onForeign called after a file of another program was renamed */
  constructor(
    files: Files,
    { log, olderLogs }: Pick<Recovery, "log" | "olderLogs">,
    onForeign: (name: string, newName: string) => void,
  ) {
    this.#files = files;
    this.#onForeign = onForeign;
    this.active = log;
    this.#older = olderLogs.map((name) => ({ name, status: files.findRead(name), log: undefined }));
    this.#checkpoint = files.findRead(CHECKPOINT);
    this.#held = this.#checkpoint && files.hold(CHECKPOINT);
  }

  /**
   * Finds a file that another program removed or changed: a restart would miss changes.
   *
   * @returns its name
   * @throws {FolderLostError} if the folder itself was moved or replaced
   */
  findMissing(): string | undefined {
    if (!this.isActiveIntact()) return this.active.name;
    const older = this.#older.find((one) => !isUnchanged(this.#files.find(one.name), one.status));
    if (older) return older.name;
    return isUnchanged(this.#files.find(CHECKPOINT), this.#checkpoint) ? undefined : CHECKPOINT;
  }

  /** Whether the active log has its name, and the length that this server wrote. */
  isActiveIntact(): boolean {
    return isUnchanged(this.#files.find(this.active.name), this.active.status());
  }

  /**
   * Creates a log that follows all others; `switchTo` makes it the active one.
   *
   * @param tableId identity of the table
   * @throws if that fails; the active log stays
   */
  async createLog(tableId: string): Promise<LogWriter> {
    if (this.isActiveIntact()) this.active.cutTornTail(); // a checkpoint will remove this log
    const place = { name: makeNextLogName([this.active.name]), number: this.active.number + 1 };
    // An empty log of a failed checkpoint has the same number and may be replaced.
    const isForeign = this.#files.find(place.name) && !isEmptyLog(this.#files, place.name, tableId);
    if (isForeign) await this.#renameForeign(place.name);
    return await LogWriter.create(this.#files, place, tableId);
  }

  /** Makes a new log the active one. All changes in the old one must be on disk. */
  switchTo(log: LogWriter): void {
    const before = this.active;
    this.#older.push({ name: before.name, status: before.status(), log: before });
    this.active = log;
  }

  /**
   * Replaces the checkpoint by the new one. The new one is durable after the next `syncFolder`.
   *
   * @param written status of the new one, from its writer
   * @throws {MissingFileError} if another program removed, replaced or cut it
   */
  async replaceCheckpoint(written: FileStatus, replaced: DeferredDelete): Promise<void> {
    if (!isSameFile(this.#files.find(CHECKPOINT), this.#checkpoint)) {
      await this.#renameForeign(CHECKPOINT);
    }
    const found = this.#files.find(NEW_CHECKPOINT);
    if (!isUnchanged(found, written)) {
      if (!isSameFile(found, written)) await this.#renameForeign(NEW_CHECKPOINT);
      throw new MissingFileError(NEW_CHECKPOINT);
    }
    replaced.rename(NEW_CHECKPOINT, CHECKPOINT);
    this.#checkpoint = written;
    this.#held?.close();
    this.#held = this.#files.hold(CHECKPOINT);
  }

  /** Removes an unfinished checkpoint; if that fails, the next checkpoint removes it. */
  discardCheckpoint(written: FileStatus): void {
    try {
      const found = this.#files.find(NEW_CHECKPOINT);
      if (found && isSameFile(found, written)) this.#files.remove(NEW_CHECKPOINT);
    } catch {
      // The file stays for now.
    }
  }

  /**
   * Removes the logs that the checkpoint replaces, and renames the active log to `table.txn`.
   *
   * @throws {MissingFileError} if another program removed or changed the active log
   */
  async removeOldLogs(replaced: DeferredDelete): Promise<void> {
    for (const name of findLogNames(await this.#files.list())) {
      const found = this.#files.find(name);
      if (isSameFile(found, this.active.status())) continue;
      if (!this.#isOlder(found)) await this.#renameForeign(name);
      else if (name !== LOG) replaced.remove(name); // the rename below replaces LOG
    }
    // Otherwise a power failure could bring one of them back after the active log is called LOG.
    await this.#files.syncFolder();
    if (this.active.name !== LOG) {
      if (!this.#isOlder(this.#files.find(LOG))) await this.#renameForeign(LOG);
      if (!this.isActiveIntact()) throw new MissingFileError(this.active.name);
      replaced.rename(this.active.name, LOG);
      this.active.name = LOG;
    }
    this.#closeOlder();
    await this.#files.syncFolder();
  }

  close(): void {
    this.#closeOlder();
    this.#held?.close();
    this.active.close();
  }

  #closeOlder(): void {
    for (const { log } of this.#older.splice(0)) log?.close();
  }

  #isOlder(found: FileStatus | undefined): boolean {
    return this.#older.some(({ status }) => isSameFile(found, status));
  }

  /** Renames a file of another program, if there is one, to a name that recovery ignores. */
  async #renameForeign(name: string): Promise<void> {
    if (this.#files.find(name) === undefined) return;
    const newName = makeForeignName(name, await this.#files.list());
    this.#files.rename(name, newName);
    this.#onForeign(name, newName);
  }
}
