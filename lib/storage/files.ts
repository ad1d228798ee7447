/**
 * The files of a data folder, as narrowly as storage needs them: what fails, and when, is decided
 * behind this interface, in tests too.
 */

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

/** One folder. Names are those of files in it. */
export interface Files {
  /** How people know the folder. */
  readonly folder: string;
  list(): string[];
  /** Bytes of a file. */
  size(name: string): number;
  /** Opens for writing: empty (`create`), or behind what is there (`append`). */
  openToWrite(name: string, how: "create" | "append"): WritableFile;
  openToRead(name: string): ReadableFile;
  /** Gives a file another name, in place of one that has it. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Makes names durable: a rename is only after this. In the background. */
  syncFolder(): Promise<void>;
}

/** A file that was deleted takes all that is written, and nobody will find it. */
function checkThere({ nlink }: Deno.FileInfo): void {
  if (nlink === 0) throw new Error("the file was deleted");
}

/** The real thing. */
export class FolderFiles implements Files {
  readonly folder: string;

  /** @param folder its path; it must exist */
  constructor(folder: string) {
    this.folder = folder;
  }

  list(): string[] {
    return Array.from(Deno.readDirSync(this.folder), ({ name }) => name).sort();
  }

  size(name: string): number {
    return Deno.statSync(this.#path(name)).size;
  }

  openToWrite(name: string, how: "create" | "append"): WritableFile {
    const file = Deno.openSync(this.#path(name), {
      create: true,
      write: true,
      truncate: how === "create",
      mode: 0o600,
    });
    if (how === "append") file.seekSync(0, Deno.SeekMode.End);
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
        checkThere(file.statSync());
      },
      async sync() {
        checkThere(file.statSync()); // at once: another log may have taken over by the end
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

  async syncFolder(): Promise<void> {
    using folder = await Deno.open(this.folder, { read: true });
    await folder.sync();
  }

  #path(name: string): string {
    return `${this.folder}/${name}`;
  }
}
