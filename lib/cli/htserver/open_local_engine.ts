/** The local engine of a server at its start: its table is read from the data folder, or empty in memory. */
import { EXIT, messageOf } from "../../base/errors.ts";
import { RUNTIME_BYTES } from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import { type Progress, startProgress } from "../../terminal/progress.ts";
import { memoryAndSwap, systemFacts } from "../system_facts.ts";
import type { OpenedEngine } from "./opened_engine.ts";
import { warnAboutFileAccess } from "../file_access.ts";
import { printError } from "../../terminal/stdout.ts";
import { userTerminal } from "../../terminal/terminal.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { localEngine } from "../../engine/local_engine.ts";
import { MIN_COMPACT_BYTES } from "../../storage/durable_storage.ts";
import { FolderLostError } from "../../storage/folder/lock_file.ts";
import { openFolder, type OpenTable } from "../../storage/open.ts";
import { memoryStorage } from "../../storage/storage.ts";
import { HashTable } from "../../table/hash_table.ts";

/** Share of the file size limit (`ulimit -f`) at which a checkpoint replaces the log. */
const FILE_SHARE = 0.5;

/**
 * Opens the table and makes its engine, with a progress bar on a terminal.
 *
 * @throws {ExitError} if the folder cannot be used, or is damaged
 */
export async function openLocalEngine(
  config: ServerConfig,
  log: Log,
): Promise<OpenedEngine> {
  const { project, dataFolder: folder, fsync } = config;
  const { fileBytes } = systemFacts();
  const availableBytes = memoryAndSwap() - RUNTIME_BYTES;
  if (config.maxTableBytes > availableBytes) {
    log.warn(
      "--max-memory is more than this machine or container has for a table: the system may kill the server without a message",
      { max_memory: config.maxTableBytes, there_is: availableBytes },
    );
  }
  if (folder === undefined) {
    log.info(`${project} serves from memory: its table ends with this process`);
    return {
      makeEngine: localEngine(
        { table: new HashTable(), storage: memoryStorage() },
        config.maxTableBytes,
      ),
      isNew: true,
      beginClose() {},
      close: () => Promise.resolve(),
    };
  }
  const terminal = userTerminal(undefined);
  let progress: Progress | undefined;
  const open = await openFolder({
    folder,
    fsync,
    compact: {
      entries: config.compactEntries,
      // A log that reaches the file size limit cannot grow until it needs a checkpoint.
      bytes: config.compactBytes ??
        (fileBytes < MIN_COMPACT_BYTES / FILE_SHARE
          ? Math.floor(fileBytes * FILE_SHARE)
          : undefined),
    },
    log,
    availableBytes,
    onProgress(bytes, totalBytes) {
      progress ??= startProgress("recover", totalBytes, terminal, "bytes");
      progress.reach(bytes);
    },
    onSyncFailure: (error) => endForFailedSync(folder, error),
  }).finally(() => progress?.end());
  await warnAboutFileAccess(folder, "The data folder", "table", (sentence) => log.warn(sentence));
  logTable(project, folder, open, log);
  if (fsync === "interval") log.warn("--fsync interval: a power failure may cost the last second");
  if (fsync === "never") {
    log.warn(
      "--fsync never: a power failure may cost all changes that the system has not written yet",
    );
  }
  return {
    makeEngine: localEngine(open, config.maxTableBytes),
    isNew: open.table.size === 0,
    beginClose: () => open.beginClose(),
    close: () => open.close(),
  };
}

/**
 * Ends the process. After a failed sync the contents of the disk are unknown, and another sync may
 * report success nevertheless (I6). A server must not write to a folder that it has lost (I10).
 */
function endForFailedSync(folder: string, error: unknown): never {
  printError(
    error instanceof FolderLostError
      ? `htserver: Ending: ${error.message}`
      : `htserver: Cannot force the log of '${folder}' to disk, so its contents are unknown (${
        messageOf(error)
      }): ending; check the disk, then start again`,
  );
  Deno.exit(EXIT.failed);
}

function logTable(
  project: string,
  folder: string,
  { table, recovery, seconds }: OpenTable,
  log: Log,
): void {
  log.info(`${project} is kept in '${folder}'`, {
    keys: table.size,
    records: recovery.checkpointKeys + recovery.replayed,
    cut_bytes: recovery.copyError === undefined ? recovery.tornBytes : 0,
    seconds: Math.round(seconds * 1e3) / 1e3,
  });
  const { tornBytes, tornCopy, copyError } = recovery;
  if (tornBytes === 0) return;
  const torn = `The log ended in a torn write of ${tornBytes} bytes, which was never acknowledged`;
  log.warn(
    copyError !== undefined
      ? `${torn}, and a copy of it cannot be saved (${copyError}): lookups work, and changes fail until there is room in '${folder}'`
      : tornCopy !== undefined
      ? `${torn}: cut off, a copy is '${folder}/${tornCopy}'`
      : `${torn}: cut off, and without a copy because it has only fill bytes`,
  );
}
