/**
 * The files of one table while it is served: the log in use, the logs before it, and the checkpoint.
 *
 * It knows which files these are, so that it notices if one was removed or replaced, and so that it
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
import type { Recovered } from "./recovery/recovery.ts";
import type { DeferredDelete } from "./folder/deferred_delete.ts";
import { isBegun, LogWriter } from "./log/log_writer.ts";

/** A log that is no longer written to, but whose changes no checkpoint has yet. */
interface OlderLog {
  readonly name: string;
  readonly status: FileStatus | undefined;
  /** Stays open, and so locked, until it has lost its name; undefined after a restart. */
  readonly log: LogWriter | undefined;
}

/** Another program removed, replaced or cut a file. */
export class MissingFileError extends Error {
  override name = "MissingFileError";

  constructor(file: string) {
    super(`'${file}' was removed or changed by another program`);
  }
}

/** The files of one table. */
export class TableFiles {
  readonly #files: Files;
  readonly #onForeign: (name: string, newName: string) => void;
  #active: LogWriter;
  #older: OlderLog[];
  #checkpoint: FileStatus | undefined;
  /** The same, open: no other file gets its inode. */
  #held: HeldFile | undefined;

  /** @param onForeign called if a file of another program was given a new name */
  constructor(
    files: Files,
    { log, olderLogs }: Pick<Recovered, "log" | "olderLogs">,
    onForeign: (name: string, newName: string) => void,
  ) {
    this.#files = files;
    this.#onForeign = onForeign;
    this.#active = log;
    this.#older = olderLogs.map((name) => ({ name, status: files.findRead(name), log: undefined }));
    this.#checkpoint = files.findRead(CHECKPOINT);
    this.#held = this.#checkpoint && files.hold(CHECKPOINT);
  }

  /** The log to which changes go. */
  get active(): LogWriter {
    return this.#active;
  }

  /**
   * Names a file that is not what this server left there: without it, or with another in its place, a
   * restart would not find every change.
   *
   * @throws {FolderLostError} if the folder itself is not this server's any more
   */
  findMissing(): string | undefined {
    if (!this.isActiveIntact()) return this.#active.name;
    const older = this.#older.find((one) => !isUnchanged(this.#files.find(one.name), one.status));
    if (older) return older.name;
    return isUnchanged(this.#files.find(CHECKPOINT), this.#checkpoint) ? undefined : CHECKPOINT;
  }

  /** Whether the name of the log in use leads to it, and no other program has cut it or written to it. */
  isActiveIntact(): boolean {
    return isUnchanged(this.#files.find(this.#active.name), this.#active.status());
  }

  /**
   * Makes a log that follows all others; `use` has changes go there.
   *
   * @param tableId identity of the table
   * @throws if that fails; the log in use stays
   */
  async createLog(tableId: string): Promise<LogWriter> {
    if (this.isActiveIntact()) this.#active.cutTornTail(); // a checkpoint lets the log go
    const place = { name: makeNextLogName([this.#active.name]), number: this.#active.number + 1 };
    // A log that was begun in vain is replaced: its number is the same, and it holds nothing.
    const isForeign = this.#files.find(place.name) && !isBegun(this.#files, place.name, tableId);
    if (isForeign) await this.#renameForeign(place.name);
    return await LogWriter.create(this.#files, place, tableId);
  }

  /** Lets changes go to a new log from now on. All of the old one must be on disk. */
  switchTo(log: LogWriter): void {
    const before = this.#active;
    this.#older.push({ name: before.name, status: before.status(), log: before });
    this.#active = log;
  }

  /**
   * Puts the new checkpoint in place of the old one. It counts only after `syncFolder`.
   *
   * @param written the new one, as its writer left it
   * @throws {MissingFileError} if it does not have its name any more, or was cut
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

  /** Removes a new checkpoint that did not come to its end; if that fails, the next one tries again. */
  discardCheckpoint(written: FileStatus): void {
    try {
      const found = this.#files.find(NEW_CHECKPOINT);
      if (found && isSameFile(found, written)) this.#files.remove(NEW_CHECKPOINT);
    } catch {
      // It stays for now.
    }
  }

  /**
   * Removes the logs that the checkpoint replaces, and gives the one in use its usual name.
   *
   * @throws {MissingFileError} if the log in use does not have its name any more
   */
  async removeOldLogs(replaced: DeferredDelete): Promise<void> {
    for (const name of findLogNames(await this.#files.list())) {
      const found = this.#files.find(name);
      if (isSameFile(found, this.#active.status())) continue;
      if (!this.#isOlder(found)) await this.#renameForeign(name);
      else if (name !== LOG) replaced.remove(name); // LOG is replaced below
    }
    // Or one of them might come back behind the log that is called LOG from now on.
    await this.#files.syncFolder();
    if (this.#active.name !== LOG) {
      if (!this.#isOlder(this.#files.find(LOG))) await this.#renameForeign(LOG);
      if (!this.isActiveIntact()) throw new MissingFileError(this.#active.name);
      replaced.rename(this.#active.name, LOG);
      this.#active.name = LOG;
    }
    this.#closeOlder();
    await this.#files.syncFolder();
  }

  close(): void {
    this.#closeOlder();
    this.#held?.close();
    this.#active.close();
  }

  #closeOlder(): void {
    for (const { log } of this.#older.splice(0)) log?.close();
  }

  #isOlder(found: FileStatus | undefined): boolean {
    return this.#older.some(({ status }) => isSameFile(found, status));
  }

  /** Gives a file of another program, if there is one, a name that means nothing to recovery. */
  async #renameForeign(name: string): Promise<void> {
    if (this.#files.find(name) === undefined) return;
    const newName = makeForeignName(name, await this.#files.list());
    this.#files.rename(name, newName);
    this.#onForeign(name, newName);
  }
}
