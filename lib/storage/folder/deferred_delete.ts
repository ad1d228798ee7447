/**
 * The files that a checkpoint replaces: each is held while it loses its name, so that losing it costs
 * nothing, and freed bit by bit in the end.
 */
import type { Files, HeldFile } from "./folder_files.ts";

/** Files that have lost their names; disposing of it lets go of them. */
export class DeferredDelete implements Disposable {
  readonly #files: Files;
  readonly #held: HeldFile[] = [];

  constructor(files: Files) {
    this.#files = files;
  }

  /** As `Files.rename`: the file that has the new name is replaced. */
  rename(from: string, to: string): void {
    this.#holdAndReplace(to, () => this.#files.rename(from, to));
  }

  /** As `Files.remove`. */
  remove(name: string): void {
    this.#holdAndReplace(name, () => this.#files.remove(name));
  }

  /**
   * Frees them. Only after a `syncFolder` since the last of them was replaced: before that, a power
   * failure may bring one back, and it must be whole then (I3).
   *
   * @param signal ends it early
   */
  async free(signal: AbortSignal): Promise<void> {
    try {
      for (const file of this.#held) await file.free(signal);
    } catch {
      // Letting go of it frees the rest.
    }
  }

  [Symbol.dispose](): void {
    for (const file of this.#held.splice(0)) file.close();
  }

  /** @param replace takes the file's name */
  #holdAndReplace(name: string, replace: () => void): void {
    const file = this.#files.hold(name);
    try {
      replace();
    } catch (error) {
      file?.close(); // it may still have its name
      throw error;
    }
    if (file) this.#held.push(file);
  }
}
