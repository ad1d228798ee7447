/**
 * Watches the folder and the files of a table while it is served.
 *
 * If another program removes or changes one of the files, a restart would not find every change. The
 * whole table is in memory: it is written to a new checkpoint and log. A folder that is no longer this
 * server's is left alone (I10).
 */
import { sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { FOLDER_CHECK_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Checkpointer } from "./checkpointer.ts";
import type { Files } from "./folder/folder_files.ts";
import { FolderLostError } from "./folder/lock_file.ts";
import { MissingFileError, type TableFiles } from "./table_files.ts";

/** What to watch, and what to do then. */
export interface FileGuardOptions {
  readonly files: Files;
  readonly tableFiles: TableFiles;
  readonly checkpointer: Checkpointer;
  readonly log: Log;
  /** Aborted when the server ends: then the table is written at once or never. */
  readonly signal: AbortSignal;
  /** Ends the process. */
  readonly endProcess: (error: unknown) => void;
  /** Whether the process is to end. */
  readonly isEnding: () => boolean;
  /** Called when writing the table anew has begun; `work` never fails. */
  readonly onStart: (work: Promise<void>) => void;
  /** Called when a restart would find every change again. */
  readonly onRestored: () => void;
}

/** Watches the files of one table. */
export class FileGuard {
  readonly #options: FileGuardOptions;
  #restoring: Promise<void> | undefined;
  #writeError: string | undefined;
  /** Why the last look at the files failed. */
  #checkError: string | undefined;

  constructor(options: FileGuardOptions) {
    this.#options = options;
  }

  /** While a file is missing: settles when a restart would find every change again. */
  get restoring(): Promise<void> | undefined {
    return this.#restoring;
  }

  /** Why changes must be refused: a file is missing, and no checkpoint could be written. */
  get writeError(): string | undefined {
    return this.#writeError;
  }

  /**
   * Looks whether the folder and the files are still this server's.
   *
   * @param checkpointing a checkpoint that is under way: it ends before the table is written anew
   */
  look(checkpointing: Promise<void> | undefined): void {
    const { files, tableFiles, log, endProcess } = this.#options;
    try {
      files.check();
      const missing = this.#restoring ? undefined : tableFiles.findMissing();
      this.#checkError = undefined;
      if (missing !== undefined) this.#startRestore(missing, checkpointing);
    } catch (error) {
      if (error instanceof FolderLostError) return endProcess(error);
      const message = messageOf(error);
      if (message !== this.#checkError) {
        log.warn(`Cannot see whether the files of the table are in place: ${message}`);
      }
      this.#checkError = message;
    }
  }

  #startRestore(missing: string, checkpointing: Promise<void> | undefined): void {
    this.#options.log.warn(
      `'${missing}' was removed or changed by another program: writing the table to a new checkpoint and log; changes wait for that`,
    );
    this.#restoring = this.#restore(missing, checkpointing);
    this.#options.onStart(this.#restoring);
  }

  /** @param missing the file that was found missing */
  async #restore(missing: string, checkpointing: Promise<void> | undefined): Promise<void> {
    const { checkpointer, tableFiles, log, signal, endProcess, isEnding, onRestored } =
      this.#options;
    await checkpointing;
    for (;;) {
      const isLastTry = signal.aborted;
      try {
        await checkpointer.takeUninterrupted();
        if (tableFiles.findMissing() === undefined) break;
      } catch (error) {
        if (isEnding()) return;
        if (error instanceof MissingFileError) continue; // one more, since this began
        this.#writeError =
          `'${missing}' was removed or changed by another program, and no checkpoint can be written: ${
            messageOf(error)
          }`;
        if (error instanceof FolderLostError) return endProcess(error);
        if (isLastTry) return endProcess(new Error(this.#writeError));
        log.warn(`Trying again in a second: ${this.#writeError}`);
        await sleep(FOLDER_CHECK_MS, signal);
      }
    }
    this.#writeError = this.#restoring = undefined;
    onRestored();
    log.warn(`The table is on disk again, without '${missing}'`);
  }
}
