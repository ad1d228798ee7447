/**
 * A guard of the folder and the files of a table while it is served.
 *
 * If another program removes or changes one of the files, a restart would miss changes. The whole table is
 * in memory, so the guard writes it to a new checkpoint and log. If the folder itself was moved or
 * replaced, the guard writes nothing and ends the process (I10).
 */
import { sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { FOLDER_CHECK_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Checkpointer } from "./checkpointer.ts";
import type { Files } from "./folder/folder_files.ts";
import { FolderLostError } from "./folder/lock_file.ts";
import { MissingFileError, type TableFiles } from "./table_files.ts";

/** The parts that a guard needs, and its callbacks. */
interface FileGuardOptions {
  readonly files: Files;
  readonly tableFiles: TableFiles;
  readonly checkpointer: Checkpointer;
  readonly log: Log;
  /** Aborted when the server ends: then the guard tries to write the table a last time. */
  readonly signal: AbortSignal;
  /** Ends the process. */
  readonly endProcess: (error: unknown) => void;
  /** Whether the process is ending. */
  readonly isEnding: () => boolean;
  /** Called when the guard starts to write the table; `work` never rejects. */
  readonly onStart: (work: Promise<void>) => void;
  /** Called when all changes are on disk again. */
  readonly onRestored: () => void;
}

/** Guards the files of one table. */
export class FileGuard {
  /** While a file is missing: resolves when all changes are on disk again. */
  restoring: Promise<void> | undefined;
  /** The reason why changes fail: a file is missing, and the table could not be written. */
  writeError: string | undefined;
  readonly #options: FileGuardOptions;
  /** The error of the last check, so that it is logged once. */
  #checkError: string | undefined;

  constructor(options: FileGuardOptions) {
    this.#options = options;
  }

  /**
   * Checks that the folder and its files were not removed or replaced.
   *
   * @param checkpointing a checkpoint in progress; it ends before the table is written
   */
  check(checkpointing: Promise<void> | undefined): void {
    const { files, tableFiles, log, endProcess } = this.#options;
    try {
      files.check();
      const missing = this.restoring ? undefined : tableFiles.findMissing();
      this.#checkError = undefined;
      if (missing !== undefined) this.#startRestore(missing, checkpointing);
    } catch (error) {
      if (error instanceof FolderLostError) return endProcess(error);
      const message = messageOf(error);
      if (message !== this.#checkError) {
        log.warn(`Cannot check the files of the table: ${message}`);
      }
      this.#checkError = message;
    }
  }

  #startRestore(missing: string, checkpointing: Promise<void> | undefined): void {
    this.#options.log.warn(
      `'${missing}' was removed or changed by another program: writing the table to a new checkpoint and log; changes wait for that`,
    );
    this.restoring = this.#restore(missing, checkpointing);
    this.#options.onStart(this.restoring);
  }

  /** @param missing name of the missing file */
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
        if (error instanceof MissingFileError) continue; // another file disappeared in between
        this.writeError =
          `'${missing}' was removed or changed by another program, and no checkpoint can be written: ${
            messageOf(error)
          }`;
        if (error instanceof FolderLostError) return endProcess(error);
        if (isLastTry) return endProcess(new Error(this.writeError));
        log.warn(`Trying again in a second: ${this.writeError}`);
        await sleep(FOLDER_CHECK_MS, signal);
      }
    }
    this.writeError = this.restoring = undefined;
    onRestored();
    log.warn(`The table is on disk again, without '${missing}'`);
  }
}
