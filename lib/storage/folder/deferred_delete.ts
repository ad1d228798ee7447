/**
 * The deferred delete of the files that a checkpoint replaces. Each file stays open while its name is
 * removed, so that the removal is fast. Its disk space is freed later, in small steps.
 */
import type { Files, HeldFile } from "./folder_files.ts";

/** Open files without a name; `dispose` closes them. */
export class DeferredDelete implements Disposable {
  readonly #files: Files;
  readonly #held: HeldFile[] = [];

  constructor(files: Files) {
    this.#files = files;
  }

  /** As `Files.rename`: the file that had the new name is replaced. */
  rename(from: string, to: string): void {
    this.#holdAndReplace(to, () => this.#files.rename(from, to));
  }

  /** As `Files.remove`. */
  remove(name: string): void {
    this.#holdAndReplace(name, () => this.#files.remove(name));
  }

  /**
   * Frees their disk space. Call it only after a `syncFolder` that follows the last removal: until then, a
   * power failure may bring a name back, and its file must be whole (I3).
   *
   * @param signal aborts the work
   */
  async freeSpace(signal: AbortSignal): Promise<void> {
    try {
      for (const file of this.#held) await file.freeSpace(signal);
    } catch {
      // `dispose` frees the rest.
    }
  }

  [Symbol.dispose](): void {
    for (const file of this.#held.splice(0)) file.close();
  }

  /** @param replace removes the file's name */
  #holdAndReplace(name: string, replace: () => void): void {
    const file = this.#files.hold(name);
    try {
      replace();
    } catch (error) {
      file?.close(); // the name may still exist
      throw error;
    }
    if (file) this.#held.push(file);
  }
}
