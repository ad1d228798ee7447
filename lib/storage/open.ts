/** From the path of a data folder to a table that is kept there. */
import { dirname } from "node:path";
import { ExitError, messageOf } from "../base/errors.ts";
import { FOLDER_CHECK_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { HashTable } from "../table/hash_table.ts";
import { CHECKPOINT, findLogNames } from "./folder/file_names.ts";
import { DurableStorage } from "./durable_storage.ts";
import type { CompactLimits } from "./durable_storage.ts";
import { realFileSystem } from "./folder/file_system.ts";
import { FolderFiles } from "./folder/folder_files.ts";
import { type FolderLock, lockFolder } from "./folder/lock_file.ts";
import { recover, type Recovered } from "./recovery/recovery.ts";
import type { FsyncPolicy } from "./storage.ts";

/** How to open a folder. */
export interface OpenOptions {
  readonly folder: string;
  readonly fsync: FsyncPolicy;
  readonly compact: CompactLimits;
  readonly log: Log;
  /** What the table may take, in bytes: with more, the system would kill the process (default: any). */
  readonly availableBytes?: number;
  /** Told now and then how far recovery is. */
  readonly onProgress?: (bytes: number, totalBytes: number) => void;
  /** See `DurableOptions`. */
  readonly onSyncFailure: (error: unknown) => void;
}

/** A table and what keeps it. */
export interface OpenTable {
  readonly table: HashTable;
  readonly storage: DurableStorage;
  readonly recovered: Recovered;
  /** Seconds that the recovery took. */
  readonly seconds: number;
  /** See `DurableStorage.beginClose`. */
  beginClose(): void;
  /** Syncs, closes and unlocks. */
  close(): Promise<void>;
}

/**
 * Opens a folder, and makes it where it is missing.
 *
 * @throws {ExitError} where it cannot be used, or holds damage
 */
export async function openFolder(options: OpenOptions): Promise<OpenTable> {
  const { folder, availableBytes = Infinity, onProgress = () => {} } = options;
  const lock = await lockOrExplain(folder);
  try {
    const files = new FolderFiles(folder, lock);
    const table = new HashTable();
    const startedMs = performance.now();
    const totalBytes = await sumBytes(files);
    const recovered = await recover(files, table, (bytes) => {
      if (table.bytes > availableBytes) throw new MemoryError(availableBytes);
      onProgress(bytes, totalBytes);
    });
    const seconds = (performance.now() - startedMs) / 1e3;
    const storage = new DurableStorage({ ...options, files, table, recovered });
    const looking = setInterval(() => storage.look(), FOLDER_CHECK_MS);
    return {
      table,
      storage,
      recovered,
      seconds,
      beginClose: () => storage.beginClose(),
      async close() {
        clearInterval(looking);
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

/** Bytes that recovery has to read. */
async function sumBytes(files: FolderFiles): Promise<number> {
  return (await files.list()).filter((name) =>
    name === CHECKPOINT || findLogNames([name]).length > 0
  )
    .reduce((sum, name) => sum + files.size(name), 0);
}

/** Sees to it that a folder is there, and that a power failure does not take it, and all in it, away. */
async function createFolder(folder: string): Promise<void> {
  const above = dirname(folder);
  const make = () => Deno.mkdir(folder, { mode: 0o700 });
  try {
    await make().catch(async (error) => {
      if (!(error instanceof Deno.errors.NotFound) || await isFolder(above)) throw error;
      await createFolder(above);
      await make(); // once: there are folders that say "not found" whatever is asked of them
    });
  } catch (error) {
    if (!(await isFolder(folder))) throw error;
    // Who made it may have been ended before it was forced to disk; or it is where nothing can be forced.
    return await realFileSystem.syncFolder(above).catch(() => {});
  }
  await realFileSystem.syncFolder(above).catch((error) => {
    // A folder that may be written to, and not read.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  const found = await Deno.stat(path).catch(() => undefined);
  return found?.isDirectory ?? false;
}

/** Makes the folder and takes its lock. */
async function lockOrExplain(folder: string): Promise<FolderLock> {
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
