/** Data folders on a real disk: opened and filled by the storage of a server, or only locked. */
import assert from "assert";
import { silentLog } from "../../lib/base/log.ts";
import { FolderFiles } from "../../lib/storage/folder/folder_files.ts";
import { type FolderLock, lockFolder } from "../../lib/storage/folder/lock_file.ts";
import { openFolder, type OpenTable } from "../../lib/storage/open.ts";
import { TempFolder } from "../helpers/folders.ts";
import { insertText } from "../helpers/table_texts.ts";
import { insertOf } from "./changes.ts";

/** Opens a folder. @param entries changes in the log before a checkpoint (default: no checkpoint) */
export function openReal(folder: string, entries?: number): Promise<OpenTable> {
  return openFolder({
    folder,
    fsync: "always",
    compact: { entries, bytes: undefined },
    log: silentLog,
    onSyncFailure: (error) => assert.fail(String(error)),
  });
}

/** Fills a folder with the keys k0, k1, ...; with a checkpoint after a number of changes. */
export async function fill(folder: string, keys: number, checkpointAfter?: number): Promise<void> {
  const open = await openReal(folder, checkpointAfter);
  for (let key = 0; key < keys; key++) {
    insertText(open.table, `k${key}`, String(key));
    open.storage.append(insertOf(`k${key}`, String(key)));
    open.storage.write();
    open.storage.syncNow(); // each change is on disk before the next one, so damage is no torn tail
    if (key === checkpointAfter) await open.storage.checkpointing;
  }
  await open.close();
}

/** A folder that this process has locked, until the end of the test. */
export class LockedFolder implements AsyncDisposable {
  readonly path: string;
  readonly lock: FolderLock;
  readonly files: FolderFiles;
  readonly #temp: TempFolder;

  private constructor(temp: TempFolder, path: string, lock: FolderLock) {
    this.#temp = temp;
    this.path = path;
    this.lock = lock;
    this.files = new FolderFiles(path, lock);
  }

  static async make(): Promise<LockedFolder> {
    const temp = await TempFolder.make();
    const path = `${temp.path}/table.ht`;
    await Deno.mkdir(path);
    return new LockedFolder(temp, path, await lockFolder(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lock.release();
    await this.#temp[Symbol.asyncDispose]();
  }
}
