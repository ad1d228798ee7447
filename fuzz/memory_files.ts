/** A data folder in memory. */
import type {
  Files,
  FileStatus,
  HeldFile,
  ReadableFile,
  WritableFile,
} from "../lib/storage/folder/folder_files.ts";
import type { OpenFile } from "../lib/storage/folder/file_system.ts";
import { infoOf } from "../tests/crash/simulated/simulated_disk.ts";
import { joined } from "../tests/helpers/streams.ts";

/** The files of the folder. */
export class MemoryFiles implements Files {
  readonly folder = "memory";
  readonly #files: Map<string, Uint8Array>;

  constructor(files: Readonly<Record<string, Uint8Array>>) {
    this.#files = new Map(Object.entries(files));
  }

  /** The result of `list`. */
  get names(): string[] {
    return [...this.#files.keys()].sort();
  }

  check(): void {}

  find(name: string): FileStatus | undefined {
    return this.#files.has(name) ? this.#status(name) : undefined;
  }

  findRead(name: string): FileStatus | undefined {
    return this.find(name);
  }

  list(): Promise<string[]> {
    return Promise.resolve(this.names);
  }

  size(name: string): number {
    return this.#bytes(name).length;
  }

  openToWrite(name: string, how: "create" | "append"): WritableFile {
    const isNew = !this.#files.has(name);
    if (how === "create" && !isNew) throw new Error(`there is a file ${name}`);
    if (isNew) this.#files.set(name, new Uint8Array(0));
    const put = (bytes: Uint8Array) => this.#files.set(name, bytes);
    return {
      writeSync: (bytes) => {
        put(joined([this.#bytes(name), bytes]));
        return bytes.length;
      },
      truncateSync: (length) => void put(this.#bytes(name).slice(0, length)),
      syncDataSync: () => {},
      syncData: () => Promise.resolve(),
      ...this.#open(name),
    };
  }

  openToRead(name: string): ReadableFile {
    const bytes = this.#bytes(name);
    let at = 0;
    return {
      readSync(into) {
        if (at >= bytes.length) return null;
        const part = bytes.subarray(at, at + into.length);
        into.set(part);
        at += part.length;
        return part.length;
      },
      ...this.#open(name),
    };
  }

  rename(from: string, to: string): void {
    this.#files.set(to, this.#bytes(from));
    this.#files.delete(from);
  }

  remove(name: string): void {
    this.#files.delete(name);
  }

  hold(): HeldFile | undefined {
    return undefined;
  }

  syncFolder(): Promise<void> {
    return Promise.resolve();
  }

  syncFolderNow(): void {}

  #open(name: string): OpenFile {
    return { statSync: () => infoOf(this.#status(name)), tryLockSync: () => true, close() {} };
  }

  /** All files have the same identity: only their names differ. */
  #status(name: string): FileStatus {
    const bytes = this.#bytes(name).length;
    return { device: 0, inode: 0, isFile: true, bytes, names: 1 };
  }

  #bytes(name: string): Uint8Array {
    const bytes = this.#files.get(name);
    if (bytes === undefined) throw new Error(`there is no file ${name}`);
    return bytes;
  }
}
