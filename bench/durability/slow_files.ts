/** A folder on a simulated slow disk: a sync takes a fixed time and does not reach the real disk. */
import { sleep } from "../../lib/base/clock.ts";
import type {
  Files,
  FileStatus,
  HeldFile,
  ReadableFile,
  WritableFile,
} from "../../lib/storage/folder/folder_files.ts";

/** Passes all calls but the syncs to other files. */
export class SlowFiles implements Files {
  readonly folder: string;
  readonly #files: Files;
  readonly #syncMs: number;

  /** @param syncMs the time of a sync, in milliseconds */
  constructor(files: Files, syncMs: number) {
    this.folder = files.folder;
    this.#files = files;
    this.#syncMs = syncMs;
  }

  openToWrite(name: string, how: "create" | "append"): WritableFile {
    const file = this.#files.openToWrite(name, how);
    return {
      statSync: () => file.statSync(),
      tryLockSync: (exclusive) => file.tryLockSync(exclusive),
      writeSync: (bytes) => file.writeSync(bytes),
      truncateSync: (length) => file.truncateSync(length),
      syncDataSync: () => stopFor(this.#syncMs),
      syncData: () => this.#wait(),
      close: () => file.close(),
    };
  }

  check(): void {
    this.#files.check();
  }

  find(name: string): FileStatus | undefined {
    return this.#files.find(name);
  }

  findRead(name: string): FileStatus | undefined {
    return this.#files.findRead(name);
  }

  list(): Promise<string[]> {
    return this.#files.list();
  }

  size(name: string): number {
    return this.#files.size(name);
  }

  openToRead(name: string): ReadableFile {
    return this.#files.openToRead(name);
  }

  rename(from: string, to: string): void {
    this.#files.rename(from, to);
  }

  remove(name: string): void {
    this.#files.remove(name);
  }

  hold(name: string): HeldFile | undefined {
    return this.#files.hold(name);
  }

  syncFolder(): Promise<void> {
    return this.#wait();
  }

  syncFolderNow(): void {
    stopFor(this.#syncMs);
  }

  async #wait(): Promise<void> {
    await sleep(this.#syncMs);
  }
}

/** Blocks the thread. */
function stopFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
