/**
 * The files of a data folder. The interface has only the steps that storage needs. Tests make any of these
 * steps fail.
 *
 * Every step that names a file first checks that the folder is still the one whose lock is held (I10).
 * Steps on open files need no check: an open file stays in its folder when the folder is moved.
 */
import { CHECKPOINT, LOCK, LOG, makeNextLogName } from "./file_names.ts";
import {
  type FileStatus,
  type FileSystem,
  type HeldFile,
  isSameFile,
  type ReadableFile,
  realFileSystem,
  statusOf,
  type WritableFile,
} from "./file_system.ts";
import type { FolderLock } from "./lock_file.ts";

export type { FileStatus, HeldFile, ReadableFile, WritableFile } from "./file_system.ts";

/** The files of one folder; each name is the name of a file in the folder. */
export interface Files {
  /** The path of the folder, for messages. */
  readonly folder: string;
  /**
   * Checks that the path still leads to the folder whose lock is held.
   *
   * @throws {FolderLostError} if the path leads elsewhere: then no file may be written there
   */
  check(): void;
  /**
   * Lists the names of the files, sorted.
   *
   * @throws if the system does not list all of them
   */
  list(): Promise<string[]>;
  /** The status of a file; undefined if the file does not exist. */
  find(name: string): FileStatus | undefined;
  /** The status of a file when it was opened to read; otherwise its present status. */
  findRead(name: string): FileStatus | undefined;
  /** Size of a file, in bytes. */
  size(name: string): number;
  /**
   * Opens a plain file for writing, and locks it. While it is open, no other server can start on the
   * folder, even if the file `lock` was removed.
   *
   * @param how `create` creates a file and fails if the name exists; `append` continues an existing file
   */
  openToWrite(name: string, how: "create" | "append"): WritableFile;
  openToRead(name: string): ReadableFile;
  /** Renames a file; a file that has the new name is replaced. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Opens a file before its name is removed; undefined if the file does not exist or cannot be opened. */
  hold(name: string): HeldFile | undefined;
  /** Makes names durable, after a rename for example; in the background. */
  syncFolder(): Promise<void>;
  /** Makes names durable, and blocks meanwhile. */
  syncFolderNow(): void;
}

/** Names that a complete listing has if the files exist; the next log is the third. */
const KNOWN_NAMES = [CHECKPOINT, LOG];

/** The folder at a path. */
export class FolderFiles implements Files {
  readonly folder: string;
  readonly #lock: FolderLock | undefined;
  readonly #system: FileSystem;
  /** The folder's path without links, so that a later change of a link has no effect. */
  readonly #realPath: string;
  /** Files that were opened to read: further writes must go to the same ones. */
  readonly #readFiles = new Map<string, FileStatus>();

  /**
   * @param folder path of an existing folder
   * @param lock the folder's lock; undefined: the folder is only read
   */
  constructor(folder: string, lock?: FolderLock, system: FileSystem = realFileSystem) {
    this.folder = folder;
    this.#lock = lock;
    this.#system = system;
    this.#realPath = lock?.realPath ?? folder;
  }

  check(): void {
    this.#lock?.check();
  }

  async list(): Promise<string[]> {
    this.check();
    const names = await this.#system.list(this.#realPath);
    if (this.#lock) this.#checkComplete(names);
    return names;
  }

  find(name: string): FileStatus | undefined {
    return this.#system.status(this.#path(name));
  }

  findRead(name: string): FileStatus | undefined {
    return this.#readFiles.get(name) ?? this.find(name);
  }

  size(name: string): number {
    return this.#requirePlainFile(name).bytes;
  }

  openToWrite(name: string, how: "create" | "append"): WritableFile {
    const known = how === "append"
      ? this.#readFiles.get(name) ?? this.#requirePlainFile(name)
      : undefined;
    const file = this.#system.openToWrite(this.#path(name), how);
    try {
      if (known && !isSameFile(known, statusOf(file.statSync()))) {
        throw new Error(`'${name}' was replaced by another program`);
      }
      if (!file.tryLockSync(true)) throw new Error(`another process has locked '${name}'`);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  openToRead(name: string): ReadableFile {
    this.#readFiles.set(name, this.#requirePlainFile(name));
    return this.#system.openToRead(this.#path(name));
  }

  rename(from: string, to: string): void {
    this.#readFiles.delete(from);
    this.#readFiles.delete(to);
    this.#system.rename(this.#path(from), this.#path(to));
  }

  remove(name: string): void {
    this.#readFiles.delete(name);
    this.#system.remove(this.#path(name));
  }

  hold(name: string): HeldFile | undefined {
    return this.#system.hold(this.#path(name));
  }

  syncFolder(): Promise<void> {
    this.check();
    return this.#system.syncFolder(this.#realPath);
  }

  syncFolderNow(): void {
    this.check();
    this.#system.syncFolderNow(this.#realPath);
  }

  /** Makes the path of a file. Every path comes from here, so every step checks the folder. */
  #path(name: string): string {
    this.check();
    return `${this.#realPath}/${name}`;
  }

  /** Requires a plain file: opening a pipe would block, and a link leads to another folder. */
  #requirePlainFile(name: string): FileStatus {
    const status = this.find(name);
    if (status === undefined) throw new Error(`there is no '${name}'`);
    if (!status.isFile) {
      throw new Error(
        `'${this.folder}/${name}' is not a plain file but a folder, link, pipe, socket or device: move it away, then show the content with htserver --check ${this.folder}, or repair the folder with htserver --repair ${this.folder}`,
      );
    }
    return status;
  }

  /** Refuses a listing that lacks an existing file: it may lack others too. */
  #checkComplete(names: readonly string[]): void {
    for (const name of [LOCK, ...KNOWN_NAMES, makeNextLogName(names)]) {
      if (names.includes(name) || (name !== LOCK && this.find(name) === undefined)) continue;
      throw new Error(`the system lists its files without '${name}', which exists`);
    }
  }
}

/** Removes an unused file; if that fails, the next checkpoint tries again. */
export function removeQuietly(files: Files, name: string): void {
  try {
    files.remove(name);
  } catch {
    // The file does not exist, or stays for now.
  }
}
