/**
 * The system calls that a data folder needs, with whole paths. `files.ts` and `lock_file.ts` decide
 * what may be done with them; tests put a simulated system in their place.
 */
import { sleep } from "../../base/clock.ts";

/** What the system knows of a file. Two names lead to one file if device and inode are equal. */
export interface FileStatus {
  readonly device: number;
  readonly inode: number;
  /** Whether it is a plain file: no folder, link, pipe or device. */
  readonly isFile: boolean;
  readonly bytes: number;
  /** How many names lead to it. */
  readonly names: number;
}

/** Whether two paths lead to the same file, or both to none. */
export function isSameFile(one: FileStatus | undefined, other: FileStatus | undefined): boolean {
  return one?.device === other?.device && one?.inode === other?.inode;
}

/** Whether a path still leads to a file as it was left: the same one, and as long. */
export function isUnchanged(found: FileStatus | undefined, left: FileStatus | undefined): boolean {
  return isSameFile(found, left) && found?.bytes === left?.bytes;
}

/** An open file. */
export interface OpenFile {
  status(): FileStatus;
  /**
   * Takes the file's lock, without waiting. It goes when the file is closed, at the latest with the
   * process.
   *
   * @param how `shared` for processes that only read (default: for one alone)
   * @returns whether no other open file has the lock
   */
  tryLock(how?: "shared"): boolean;
  close(): void;
}

/** A file that is written from its beginning to its end. */
export interface WritableFile extends OpenFile {
  /**
   * Writes all of it at the end of the file.
   *
   * @throws where not all could be written; how much of it was, is not known
   */
  write(bytes: Uint8Array): void;
  /** Cuts the file to its first bytes. */
  truncate(bytes: number): void;
  /** Forces what was written to the disk, and stops everything meanwhile. */
  syncNow(): void;
  /** The same in the background. */
  sync(): Promise<void>;
}

/** A file that is read from its beginning to its end. */
export interface ReadableFile {
  /** Reads some bytes, or gives null at the end. */
  read(into: Uint8Array): number | null;
  close(): void;
}

/**
 * A file that is kept while it loses its name. Where nothing keeps a large file, the system frees its
 * room together with its last name, which takes tens of milliseconds, and nothing else is forced to
 * the disk meanwhile.
 */
export interface HeldFile {
  /**
   * Frees its room bit by bit, in the background; nothing where a name still leads to it. A power
   * failure may bring back a name that was lost since the last `syncFolder`.
   *
   * @param signal ends it early
   * @throws where some of it could not be freed
   */
  free(signal: AbortSignal): Promise<void>;
  /** Closes it: the room that it still has is freed at once if it has no name. */
  close(): void;
}

/** The system calls. */
export interface FileSystem {
  /** The path without links; later changes to a link do not change where it leads. */
  realPath(path: string): string;
  /** What a path leads to, a link itself if it is one; undefined if there is nothing. */
  status(path: string): FileStatus | undefined;
  /**
   * Lists the names in a folder, sorted.
   *
   * @throws if the system fails, at the first name or at a later one
   */
  list(path: string): Promise<string[]>;
  /**
   * Opens a file for writing.
   *
   * @param how `create` makes a new file and fails if there is something of that name; `append` goes
   *   on behind what is there, and fails if there is nothing
   */
  openToWrite(path: string, how: "create" | "append"): WritableFile;
  openToRead(path: string): ReadableFile & OpenFile;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Keeps a file that is about to lose its name; undefined where there is none or it cannot be kept. */
  hold(path: string): HeldFile | undefined;
  /** Makes the names in a folder durable, in the background. */
  syncFolder(path: string): Promise<void>;
  /** The same, and stops everything meanwhile. */
  syncFolderNow(path: string): void;
}

/** Bytes of a held file that are freed at once: about a millisecond's work, as a checkpoint's slice is. */
const FREE_BYTES = 4_000_000;

/** Pause between two such steps, in milliseconds. */
const FREE_PAUSE_MS = 5;

/** The real one. */
export const realFileSystem: FileSystem = {
  realPath: (path) => Deno.realPathSync(path),

  status(path) {
    try {
      return statusOf(Deno.lstatSync(path));
    } catch (error) {
      const isNothing = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory ||
        error instanceof Deno.errors.FilesystemLoop; // links that lead to each other
      if (isNothing) return undefined;
      throw error;
    }
  },

  // `Deno.readDirSync` and the synchronous functions of `node:fs` give what they have so far if the
  // system fails.
  list: async (path) => (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort(),

  openToWrite(path, how) {
    // With `append`, a file that another program cuts or writes to gets a wrong length for good, which
    // is noticed. A write at a position would fill the hole.
    const createNew = how === "create";
    const file = Deno.openSync(path, { createNew, write: true, append: true, mode: 0o600 });
    return {
      ...openFile(file),
      write(bytes) {
        while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
      },
      truncate: (length) => file.truncateSync(length),
      syncNow: () => file.syncDataSync(),
      sync: () => file.syncData(),
    };
  },

  openToRead(path) {
    const file = Deno.openSync(path, { read: true });
    return { ...openFile(file), read: (into) => file.readSync(into) };
  },

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
      async free(signal) {
        const { nlink, size } = file.statSync();
        if (nlink !== 0) return; // a hard link leads to it, such as a backup's
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

function openFile(file: Deno.FsFile): OpenFile {
  return {
    status: () => statusOf(file.statSync()),
    tryLock: (how) => file.tryLockSync(how !== "shared"),
    close: () => file.close(),
  };
}

function statusOf({ dev, ino, isFile, size, nlink }: Deno.FileInfo): FileStatus {
  return { device: dev, inode: ino ?? 0, isFile, bytes: size, names: nlink ?? 1 };
}
