/**
 * The files of a data folder, as narrowly as storage needs them: what fails, and when, is decided
 * behind this interface, in tests too.
 *
 * Every step that names a file first checks that the folder is still the one whose lock is held (I10).
 * Steps on open files need no check: they stay with their file when a folder is moved.
 */
import { CHECKPOINT, LOCK, LOG, makeNextLogName } from "./file_names.ts";
import {
  type FileStatus,
  type FileSystem,
  type HeldFile,
  isSameFile,
  type ReadableFile,
  realFileSystem,
  type WritableFile,
} from "./file_system.ts";
import type { FolderLock } from "./lock_file.ts";

export type { FileStatus, HeldFile, ReadableFile, WritableFile } from "./file_system.ts";

/** One folder. Names are those of files in it. */
export interface Files {
  /** How people know the folder. */
  readonly folder: string;
  /**
   * Checks that the path still leads to the folder whose lock is held.
   *
   * @throws {FolderLostError} if it does not: nothing may be written there
   */
  check(): void;
  /**
   * Lists the names of its files, sorted.
   *
   * @throws if the system fails to list all of them: a part is never taken for the whole
   */
  list(): Promise<string[]>;
  /** What a name leads to; undefined if there is nothing. */
  find(name: string): FileStatus | undefined;
  /** The file that was read by a name; if none was, what the name leads to. */
  findRead(name: string): FileStatus | undefined;
  /** Bytes of a file. */
  size(name: string): number;
  /**
   * Opens a plain file for writing, and locks it: as long as it is open, no other server can start on
   * the folder, even if its lock was removed.
   *
   * @param how `create` makes a new file and fails if there is one of that name; `append` goes on
   *   behind what is there
   */
  openToWrite(name: string, how: "create" | "append"): WritableFile;
  openToRead(name: string): ReadableFile;
  /** Gives a file another name, in place of one that has it. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Keeps a file that is about to lose its name; undefined where there is none or it cannot be kept. */
  hold(name: string): HeldFile | undefined;
  /** Makes names durable: a rename is only after this. In the background. */
  syncFolder(): Promise<void>;
  /** The same, and stops everything meanwhile. */
  syncFolderNow(): void;
}

/** Files that are always listed if they are there, as is the log behind those that are listed. */
const KNOWN_NAMES = [CHECKPOINT, LOG];

/** The folder at a path. */
export class FolderFiles implements Files {
  readonly folder: string;
  readonly #lock: FolderLock | undefined;
  readonly #system: FileSystem;
  /** Where the files are: a link in the folder's path that is changed later leads nowhere else. */
  readonly #place: string;
  /** Files that were read: what follows must be written to the same ones. */
  readonly #read = new Map<string, FileStatus>();

  /**
   * @param folder its path; it must exist
   * @param lock the folder's lock; undefined: the folder is only read
   */
  constructor(folder: string, lock?: FolderLock, system: FileSystem = realFileSystem) {
    this.folder = folder;
    this.#lock = lock;
    this.#system = system;
    this.#place = lock?.realPath ?? folder;
  }

  check(): void {
    this.#lock?.check();
  }

  async list(): Promise<string[]> {
    this.check();
    const names = await this.#system.list(this.#place);
    if (this.#lock) this.#checkComplete(names);
    return names;
  }

  find(name: string): FileStatus | undefined {
    return this.#system.status(this.#path(name));
  }

  findRead(name: string): FileStatus | undefined {
    return this.#read.get(name) ?? this.find(name);
  }

  size(name: string): number {
    return this.#plain(name).bytes;
  }

  openToWrite(name: string, how: "create" | "append"): WritableFile {
    const known = how === "append" ? this.#read.get(name) ?? this.#plain(name) : undefined;
    const file = this.#system.openToWrite(this.#path(name), how);
    try {
      if (known && !isSameFile(known, file.status())) {
        throw new Error(`'${name}' was replaced by another program`);
      }
      if (!file.tryLock()) throw new Error(`another process has locked '${name}'`);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  openToRead(name: string): ReadableFile {
    this.#read.set(name, this.#plain(name));
    return this.#system.openToRead(this.#path(name));
  }

  rename(from: string, to: string): void {
    this.#read.delete(from);
    this.#read.delete(to);
    this.#system.rename(this.#path(from), this.#path(to));
  }

  remove(name: string): void {
    this.#read.delete(name);
    this.#system.remove(this.#path(name));
  }

  hold(name: string): HeldFile | undefined {
    return this.#system.hold(this.#path(name));
  }

  syncFolder(): Promise<void> {
    this.check();
    return this.#system.syncFolder(this.#place);
  }

  syncFolderNow(): void {
    this.check();
    this.#system.syncFolderNow(this.#place);
  }

  /** The only way from a name to a path. */
  #path(name: string): string {
    this.check();
    return `${this.#place}/${name}`;
  }

  /** A file that is there and plain: a pipe would be waited for, and a link leads elsewhere. */
  #plain(name: string): FileStatus {
    const status = this.find(name);
    if (status === undefined) throw new Error(`there is no '${name}'`);
    if (!status.isFile) {
      throw new Error(
        `'${this.folder}/${name}' is not a plain file but a folder, link, pipe, socket or device: move it away, then show what is there with htserver --check ${this.folder}, or repair the folder with htserver --repair ${this.folder}`,
      );
    }
    return status;
  }

  /** A listing without a file that is there may lack others too. */
  #checkComplete(names: readonly string[]): void {
    for (const name of [LOCK, ...KNOWN_NAMES, makeNextLogName(names)]) {
      if (names.includes(name) || (name !== LOCK && this.find(name) === undefined)) continue;
      throw new Error(`the system lists its files without '${name}', which is there`);
    }
  }
}

/** Removes a file that is of no use; where that fails, the next checkpoint tries again. */
export function removeQuietly(files: Files, name: string): void {
  try {
    files.remove(name);
  } catch {
    // It is not there, or stays for now.
  }
}
