/** The opening of a data folder: from its path to its table and storage. */
import { dirname } from "node:path";
import { ExitError, messageOf } from "../base/errors.ts";
import { FOLDER_CHECK_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { HashTable } from "../table/hash_table.ts";
import { CHECKPOINT, findLogNames } from "./folder/file_names.ts";
import { type CompactLimits, DurableStorage } from "./durable_storage.ts";
import { realFileSystem } from "./folder/file_system.ts";
import { FolderFiles } from "./folder/folder_files.ts";
import { type FolderLock, lockFolder } from "./folder/lock_file.ts";
import { recover, type Recovery } from "./recovery/recovery.ts";
import type { FsyncPolicy } from "./storage.ts";

/** Settings of `openFolder`. */
interface OpenOptions {
  readonly folder: string;
  readonly fsync: FsyncPolicy;
  readonly compact: CompactLimits;
  readonly log: Log;
  /** Memory for the table, in bytes: with more, the system could kill the process (default: no limit). */
  readonly availableBytes?: number;
  /** Called from time to time with the progress of recovery. */
  readonly onProgress?: (bytes: number, totalBytes: number) => void;
  /** See `DurableOptions`. */
  readonly onSyncFailure: (error: unknown) => void;
}

/** A table and its storage. */
export interface OpenTable {
  readonly table: HashTable;
  readonly storage: DurableStorage;
  readonly recovery: Recovery;
  /** Duration of the recovery, in seconds. */
  readonly seconds: number;
  /** See `DurableStorage.beginClose`. */
  beginClose(): void;
  /** Syncs and closes the files, and releases the lock. */
  close(): Promise<void>;
}

/**
 * Opens a folder, and creates it if it is missing.
 *
 * @throws {ExitError} if the folder cannot be used or is damaged
 */
export async function openFolder(options: OpenOptions): Promise<OpenTable> {
  const { folder, availableBytes = Infinity, onProgress = () => {} } = options;
  const lock = await createAndLock(folder);
  try {
    const files = new FolderFiles(folder, lock);
    const table = new HashTable();
    const startedMs = performance.now();
    const totalBytes = await sumFileBytes(files);
    const recovery = await recover(files, table, (bytes) => {
      if (table.bytes > availableBytes) throw new MemoryError(availableBytes);
      onProgress(bytes, totalBytes);
    });
    const seconds = (performance.now() - startedMs) / 1e3;
    const storage = new DurableStorage({ ...options, files, table, recovery });
    const checking = setInterval(() => storage.checkFiles(), FOLDER_CHECK_MS);
    return {
      table,
      storage,
      recovery,
      seconds,
      beginClose: () => storage.beginClose(),
      async close() {
        clearInterval(checking);
        await storage.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    if (error instanceof ExitError) throw error;
    throw new ExitError(`Cannot use the data folder '${folder}': ${messageOf(error)}`);
  }
}

/** The table does not fit into memory. */
class MemoryError extends Error {
  constructor(bytes: number) {
    super(
      `its table must fit into the memory of this machine or container, which has ${
        Math.floor(bytes / 1e6)
      } MB for it; give it more`,
    );
  }
}

/** Sums the bytes that recovery must read. */
async function sumFileBytes(files: FolderFiles): Promise<number> {
  return (await files.list()).filter((name) =>
    name === CHECKPOINT || findLogNames([name]).length > 0
  )
    .reduce((sum, name) => sum + files.size(name), 0);
}

/** Creates a folder durably, with all missing folders above it. */
async function createFolder(folder: string): Promise<void> {
  const above = dirname(folder);
  const make = () => Deno.mkdir(folder, { mode: 0o700 });
  try {
    await make().catch(async (error) => {
      if (!(error instanceof Deno.errors.NotFound) || await isFolder(above)) throw error;
      await createFolder(above);
      await make(); // once: some file systems report "not found" for every path
    });
  } catch (error) {
    if (!(await isFolder(folder))) throw error;
    // The process that created it may have ended before the sync. Some file systems cannot sync.
    return await realFileSystem.syncFolder(above).catch(() => {});
  }
  await realFileSystem.syncFolder(above).catch((error) => {
    // A folder may be writable but not readable.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  const found = await Deno.stat(path).catch(() => undefined);
  return found?.isDirectory ?? false;
}

/** Creates the folder and takes its lock. */
async function createAndLock(folder: string): Promise<FolderLock> {
  try {
    await createFolder(folder);
    return await lockFolder(folder);
  } catch (error) {
    if (error instanceof ExitError) throw error;
    const what =
      error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory
        ? "there is a file of that name"
        : messageOf(error);
    throw new ExitError(
      `Cannot use the data folder '${folder}': ${what}; choose another one with --data, or --memory to keep nothing`,
    );
  }
}
