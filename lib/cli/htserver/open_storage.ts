/** The table of a server: from its data folder, or an empty one in memory; and what to say about it. */
import { EXIT, messageOf } from "../../base/errors.ts";
import { RUNTIME_BYTES } from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import { beginProgress, type Progress } from "../../terminal/progress.ts";
import { warnOfOthers } from "../open_to_others.ts";
import { printError } from "../../terminal/stdout.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { MIN_COMPACT_BYTES } from "../../storage/durable_storage.ts";
import { FolderLostError } from "../../storage/folder/lock_file.ts";
import { openFolder, type OpenTable } from "../../storage/open.ts";
import { memoryStorage, type TableWithStorage } from "../../storage/storage.ts";
import { HashTable } from "../../table/hash_table.ts";

/** A table that is to be closed at the end. */
export interface OpenedTable extends TableWithStorage {
  /** See `DurableStorage.beginClose`. */
  beginClose(): void;
  close(): Promise<void>;
}

/** Part of the largest file that may be written at which a checkpoint replaces the log. */
const FILE_SHARE = 0.5;

/**
 * Opens the table, with a progress bar on a terminal, and says what was found.
 *
 * @param machine the largest file that may be written, and the memory that there is, in bytes
 * @throws {ExitError} where the folder cannot be used, or is damaged
 */
export async function openTable(
  config: ServerConfig,
  log: Log,
  { fileBytes, memoryBytes }: { readonly fileBytes: number; readonly memoryBytes: number },
): Promise<OpenedTable> {
  const { project, dataFolder: folder, fsync } = config;
  const availableBytes = memoryBytes - RUNTIME_BYTES;
  if (config.maxTableBytes > availableBytes) {
    log.warn(
      "--max-memory is more than this machine or container has for a table: the system may end the server without a word",
      { max_memory: config.maxTableBytes, there_is: availableBytes },
    );
  }
  if (folder === undefined) {
    log.info(`${project} serves from memory: its table ends with this process`);
    return {
      table: new HashTable(),
      storage: memoryStorage(),
      beginClose() {},
      close: () => Promise.resolve(),
    };
  }
  let progress: Progress | undefined;
  const open = await openFolder({
    folder,
    fsync,
    compact: {
      entries: config.compactEntries,
      // A log at the limit of a file could not grow, and its checkpoint would not come.
      bytes: config.compactBytes ??
        (fileBytes < MIN_COMPACT_BYTES / FILE_SHARE
          ? Math.floor(fileBytes * FILE_SHARE)
          : undefined),
    },
    log,
    availableBytes,
    onProgress(bytes, totalBytes) {
      progress ??= beginProgress("recover", totalBytes, true, "bytes");
      progress.reach(bytes);
    },
    onSyncFailure: (error) => endForFailedSync(folder, error),
  }).finally(() => progress?.end());
  await warnOfOthers(folder, "The data folder", "table", (sentence) => log.warn(sentence));
  sayWhatWasFound(project, folder, open, log);
  if (fsync === "interval") log.warn("--fsync interval: a power failure may cost the last second");
  if (fsync === "never") {
    log.warn("--fsync never: a power failure may cost all that the system had not written yet");
  }
  return open;
}

/**
 * After a failed sync it is unknown what is on disk, and another sync may report success all the same
 * (I6). In a folder that is no longer this server's, nothing may be written (I10).
 */
function endForFailedSync(folder: string, error: unknown): never {
  printError(
    error instanceof FolderLostError
      ? `htserver: Ending: ${error.message}`
      : `htserver: Cannot force the log of '${folder}' to disk, so it is unknown what is there (${
        messageOf(error)
      }): ending; see to the disk, then start again`,
  );
  Deno.exit(EXIT.failed);
}

function sayWhatWasFound(
  project: string,
  folder: string,
  { table, recovered, seconds }: OpenTable,
  log: Log,
): void {
  log.info(`${project} is kept in '${folder}'`, {
    keys: table.size,
    records: recovered.checkpointKeys + recovered.replayed,
    cut_bytes: recovered.whyNoCopy === undefined ? recovered.tornBytes : 0,
    seconds: Math.round(seconds * 1e3) / 1e3,
  });
  const { tornBytes, tornCopy, whyNoCopy } = recovered;
  if (tornBytes === 0) return;
  const torn = `The log ended in a torn write of ${tornBytes} bytes, which was never acknowledged`;
  log.warn(
    whyNoCopy !== undefined
      ? `${torn}, and a copy of it cannot be kept (${whyNoCopy}): lookups work, and changes fail until there is room in '${folder}'`
      : tornCopy !== undefined
      ? `${torn}: cut off, a copy is '${folder}/${tornCopy}'`
      : `${torn}: cut off, and no copy is needed since it holds nothing but fill bytes`,
  );
}
