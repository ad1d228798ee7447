/**
 * The files of a data folder, as narrowly as storage needs them: what fails, and when, is decided
 * behind this interface, in tests too.
 */
import { sleep } from "../base/clock.ts";

/** A file that is written from its beginning to its end. */
export interface WritableFile {
  /**
   * Writes all of it behind what is there.
   *
   * @throws where not all could be written; how much of it was, is not known
   */
  write(bytes: Uint8Array): void;
  /** Cuts the file to its first bytes; the next write goes behind them. */
  truncate(bytes: number): void;
  /** Forces what was written to the disk, and stops everything meanwhile. */
  syncNow(): void;
  /** The same in the background. */
  sync(): Promise<void>;
  close(): void;
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
  /** Lets go of it: what room it still has is freed at once if it has no name. */
  close(): void;
}

/** One folder. Names are those of files in it. */
export interface Files {
  /** How people know the folder. */
  readonly folder: string;
  /**
   * Lists the names of its files, sorted.
   *
   * @throws if the system fails to list all of them: a part is never taken for the whole
   */
  list(): Promise<string[]>;
  /** Bytes of a file. */
  size(name: string): number;
  /**
   * Opens a file for writing.
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
}

/**
 * Time from one look whether a file was deleted to the next, in milliseconds: it costs a tenth of a
 * sync on a fast disk.
 */
const LOOK_MS = 1_000;

/** Bytes of a held file that are freed at once: about a millisecond's work, as a checkpoint's slice is. */
const FREE_BYTES = 4_000_000;

/** Pause between two such steps, in milliseconds. */
const FREE_PAUSE_MS = 5;

/** The real thing. */
export class FolderFiles implements Files {
  readonly folder: string;

  /** @param folder its path; it must exist */
  constructor(folder: string) {
    this.folder = folder;
  }

  list(): Promise<string[]> {
    return listFolder(this.folder);
  }

  size(name: string): number {
    return Deno.statSync(this.#path(name)).size;
  }

  openToWrite(name: string, how: "create" | "append"): WritableFile {
    const file = Deno.openSync(this.#path(name), {
      create: true,
      createNew: how === "create",
      write: true,
      mode: 0o600,
    });
    if (how === "append") file.seekSync(0, Deno.SeekMode.End);
    let lookedAtMs = -Infinity;
    /** A file that was deleted takes all that is written, and nobody will find it. */
    const checkThere = () => {
      const nowMs = performance.now();
      if (nowMs - lookedAtMs < LOOK_MS) return;
      if (file.statSync().nlink === 0) throw new Error("the file was deleted");
      lookedAtMs = nowMs;
    };
    return {
      write(bytes) {
        while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
      },
      truncate(length) {
        file.truncateSync(length);
        file.seekSync(length, Deno.SeekMode.Start);
      },
      syncNow() {
        file.syncDataSync();
        checkThere();
      },
      async sync() {
        checkThere(); // at once: another log may have taken over by the end
        await file.syncData();
      },
      close: () => file.close(),
    };
  }

  openToRead(name: string): ReadableFile {
    const file = Deno.openSync(this.#path(name), { read: true });
    return { read: (into) => file.readSync(into), close: () => file.close() };
  }

  rename(from: string, to: string): void {
    Deno.renameSync(this.#path(from), this.#path(to));
  }

  remove(name: string): void {
    Deno.removeSync(this.#path(name));
  }

  hold(name: string): HeldFile | undefined {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(this.#path(name), { write: true });
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
  }

  syncFolder(): Promise<void> {
    return syncFolder(this.folder);
  }

  #path(name: string): string {
    return `${this.folder}/${name}`;
  }
}

/**
 * Lists the names in a folder, sorted. The one function that lists: `Deno.readDirSync` and the
 * synchronous functions of `node:fs` give what they have so far if the system fails.
 *
 * @throws if the system fails, at the first name or at a later one
 */
export async function listFolder(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();
}

/** Forces to the disk what names there are in a folder. */
export async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}

/** Removes a file that is of no use; where that fails, the next checkpoint tries again. */
export function removeQuietly(files: Files, name: string): void {
  try {
    files.remove(name);
  } catch {
    // It is not there, or stays for now.
  }
}
