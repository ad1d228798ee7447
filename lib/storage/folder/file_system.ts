/**
 * The system calls for a data folder, with whole paths. `folder_files.ts` and `lock_file.ts` decide which
 * calls are allowed. Tests use a simulated system instead.
 */
import { sleep } from "../../base/clock.ts";

/** The status of a file. Two paths lead to the same file if device and inode are equal. */
export interface FileStatus {
  readonly device: number;
  readonly inode: number;
  /** Whether it is a plain file: no folder, link, pipe or device. */
  readonly isFile: boolean;
  readonly bytes: number;
  /** Number of names (hard links). */
  readonly names: number;
}

/** Whether two paths lead to the same file, or neither leads to one. */
export function isSameFile(one: FileStatus | undefined, other: FileStatus | undefined): boolean {
  return one?.device === other?.device && one?.inode === other?.inode;
}

/** Whether a path still leads to the same file with the same length. */
export function isUnchanged(now: FileStatus | undefined, before: FileStatus | undefined): boolean {
  return isSameFile(now, before) && now?.bytes === before?.bytes;
}

/** The status of an open file, as Deno returns it. */
export type FileInfo = Pick<Deno.FileInfo, "dev" | "ino" | "isFile" | "size" | "nlink">;

/** Converts a status that Deno returned. */
export function statusOf({ dev, ino, isFile, size, nlink }: FileInfo): FileStatus {
  return { device: dev, inode: ino ?? 0, isFile, bytes: size, names: nlink ?? 1 };
}

/** An open file: a `Deno.FsFile`, or a simulated one in tests. */
export interface OpenFile {
  statSync(): FileInfo;
  /**
   * Takes the file's lock without waiting. The lock is released when the file is closed or the process
   * ends.
   *
   * @param exclusive false for processes that only read (default: false)
   * @returns false if another open file holds the lock
   */
  tryLockSync(exclusive?: boolean): boolean;
  close(): void;
}

/** A file that is written sequentially. */
export interface WritableFile extends OpenFile {
  /** Appends some of the bytes to the file, and returns their number; see `writeAll`. */
  writeSync(bytes: Uint8Array): number;
  /** Cuts the file to this length. */
  truncateSync(bytes: number): void;
  /** Forces the written bytes to disk, and blocks meanwhile. */
  syncDataSync(): void;
  /** Forces the written bytes to disk, in the background. */
  syncData(): Promise<void>;
}

/** A file that is read sequentially. */
export interface ReadableFile {
  /** Reads some bytes, or returns null at the end. */
  readSync(into: Uint8Array): number | null;
  close(): void;
}

/**
 * A file that stays open while its name is removed. Otherwise the system frees the disk space of a large
 * file with its last name. That takes tens of milliseconds, and blocks every sync meanwhile.
 */
export interface HeldFile {
  /**
   * Frees the disk space in small steps, in the background, unless the file still has a name. A power
   * failure may bring back a name that was removed after the last `syncFolder`.
   *
   * @param signal aborts the work
   * @throws if some of the space could not be freed
   */
  freeSpace(signal: AbortSignal): Promise<void>;
  /** Closes the file; if it has no name, this frees the rest of its space at once. */
  close(): void;
}

/** The system calls. */
export interface FileSystem {
  /** The path without links, so that a later change of a link has no effect. */
  realPath(path: string): string;
  /** The status of a file, or of a link itself; undefined if there is no file. */
  status(path: string): FileStatus | undefined;
  /**
   * Lists the names in a folder, sorted.
   *
   * @throws if the listing fails, even after some names
   */
  list(path: string): Promise<string[]>;
  /**
   * Opens a file for writing.
   *
   * @param how `create` creates a file and fails if the name exists; `append` continues an existing file
   */
  openToWrite(path: string, how: "create" | "append"): WritableFile;
  openToRead(path: string): ReadableFile & OpenFile;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Opens a file before its name is removed; undefined if the file does not exist or cannot be opened. */
  hold(path: string): HeldFile | undefined;
  /** Makes the names in a folder durable, in the background. */
  syncFolder(path: string): Promise<void>;
  /** Makes the names in a folder durable, and blocks meanwhile. */
  syncFolderNow(path: string): void;
}

/** Bytes that are freed in one step: it takes about a millisecond, as a checkpoint's slice does. */
const FREE_BYTES = 4_000_000;

/** Pause between two steps, in milliseconds. */
const FREE_PAUSE_MS = 5;

/** The real file system. */
export const realFileSystem: FileSystem = {
  realPath: (path) => Deno.realPathSync(path),

  status(path) {
    try {
      return statusOf(Deno.lstatSync(path));
    } catch (error) {
      const isMissing = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory ||
        error instanceof Deno.errors.FilesystemLoop; // links in a circle
      if (isMissing) return undefined;
      throw error;
    }
  },

  // `Deno.readDirSync` and the synchronous functions of `node:fs` return a part of the names if the
  // listing fails.
  list: async (path) => (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort(),

  openToWrite(path, how) {
    // With `append`, the length of a file stays wrong after another program has cut or extended it, so the
    // guard notices it. A write at a position would fill the gap.
    const createNew = how === "create";
    return Deno.openSync(path, { createNew, write: true, append: true, mode: 0o600 });
  },

  openToRead: (path) => Deno.openSync(path, { read: true }),

  rename: (from, to) => Deno.renameSync(from, to),

  remove: (path) => Deno.removeSync(path),

  hold(path) {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(path, { write: true });
    } catch {
      return undefined;
    }
    return {
      async freeSpace(signal) {
        const { nlink, size } = file.statSync();
        if (nlink !== 0) return; // a hard link exists, for example of a backup
        for (let bytes = size; bytes > 0;) {
          bytes = Math.max(0, bytes - FREE_BYTES);
          await file.truncate(bytes);
          if (bytes > 0 && !(await sleep(FREE_PAUSE_MS, signal))) return;
        }
      },
      close: () => file.close(),
    };
  },

  async syncFolder(path) {
    using folder = await Deno.open(path, { read: true });
    await folder.sync();
  },

  syncFolderNow(path) {
    using folder = Deno.openSync(path, { read: true });
    folder.syncSync();
  },
};
