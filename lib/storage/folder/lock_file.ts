/**
 * The lock of a data folder: a folder has at most one server (I10). Device and inode of the locked file are
 * the identity of the folder.
 *
 * The operating system releases the lock when the process ends, also after a crash. The file holds the
 * process number. A user can remove the file, so logs are locked, too: a server holds the lock of its log
 * at all times. A second server that finds a new `lock` but a locked log is refused.
 */
import { ExitError, messageOf } from "../../base/errors.ts";
import { writeAll } from "../../runtime/write_all.ts";
import { findLogNames, LOCK } from "./file_names.ts";
import {
  type FileSystem,
  isSameFile,
  realFileSystem,
  statusOf,
  type WritableFile,
} from "./file_system.ts";

/** The lock of a folder; no other server uses the folder until the lock is released. */
export interface FolderLock {
  /** The path of the folder without links. */
  readonly realPath: string;
  /**
   * Checks that the path of the folder still leads to this lock.
   *
   * @throws {FolderLostError} if the path leads elsewhere
   */
  check(): void;
  release(): void;
}

/** The folder was moved or replaced, or its lock was removed. Another server may use the path now. */
export class FolderLostError extends Error {
  override name = "FolderLostError";

  /** @param folder the path that the user gave */
  constructor(folder: string) {
    super(
      `'${folder}/${LOCK}' is no longer the lock that this server holds: the folder was moved or replaced, or the lock was removed. Nothing more is written there. All acknowledged changes are in the folder that was opened`,
    );
  }
}

/** Attempts to open a lock or log that disappears while it is opened. */
const MAX_ATTEMPTS = 100;

/**
 * Takes the lock of a folder.
 *
 * @throws {ExitError} if another process holds it, with the process number; if another server holds a log
 *   of the folder; or if no server made the file `lock`
 */
export async function lockFolder(
  folder: string,
  system: FileSystem = realFileSystem,
): Promise<FolderLock> {
  const realPath = system.realPath(folder);
  const file = openLock(folder, realPath, system);
  try {
    const own = statusOf(file.statSync());
    // The path may lead elsewhere by now, and the real path may be another folder.
    const check = () => {
      for (const path of [folder, realPath]) {
        if (!isSameFile(system.status(`${path}/${LOCK}`), own)) throw new FolderLostError(folder);
      }
    };
    await requireUnlockedLogs(folder, realPath, system);
    check();
    file.truncateSync(0);
    writeAll(file, new TextEncoder().encode(`${Deno.pid}\n`));
    return { realPath, check, release: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Keeps servers out of a folder while it is read. It writes nothing, so it works on a read-only disk.
 *
 * @returns undefined if the folder has no file `lock`: then no server uses the folder
 * @throws {ExitError} if a server holds the lock, with its process number; or if no server made the file
 *   `lock`
 */
export function lockToRead(folder: string): Disposable | undefined {
  const system = realFileSystem;
  const path = `${folder}/${LOCK}`;
  const known = system.status(path);
  if (known === undefined) return undefined;
  requirePlainLock(folder, known.isFile); // opening a pipe would block
  const file = system.openToRead(path);
  if (file.tryLockSync()) return { [Symbol.dispose]: () => file.close() };
  file.close();
  throw makeInUseError(folder, path, system);
}

/** Opens the lock without following a link, and locks it. */
function openLock(folder: string, realPath: string, system: FileSystem): WritableFile {
  const path = `${realPath}/${LOCK}`;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const known = system.status(path);
    if (known) requirePlainLock(folder, known.isFile && known.names === 1);
    let file: WritableFile;
    try {
      // `create` never follows a link. `append` may follow one made just now, but changes nothing.
      file = system.openToWrite(path, known ? "append" : "create");
    } catch (error) {
      if (isConcurrentChange(error)) continue;
      throw error;
    }
    try {
      const own = statusOf(file.statSync());
      if (isSameFile(system.status(path), own)) {
        requirePlainLock(folder, own.isFile && own.names === 1);
        if (!file.tryLockSync(true)) throw makeInUseError(folder, path, system);
        if (isSameFile(system.status(path), own)) return file;
      }
      file.close(); // It was removed or replaced in between.
    } catch (error) {
      file.close();
      throw error;
    }
  }
  throw new ExitError(
    `Cannot use the data folder '${folder}': its file '${LOCK}' keeps being replaced`,
  );
}

/** Refuses a lock that is a link or has a second name: a write would change another file. */
function requirePlainLock(folder: string, isMadeByServer: boolean): void {
  if (isMadeByServer) return;
  throw new ExitError(
    `Cannot use the data folder '${folder}': '${folder}/${LOCK}' must be a plain file with one name, and is a link or something else; remove it if no server uses the folder`,
  );
}

/** Makes the error with the number of the process that holds the lock. */
function makeInUseError(folder: string, path: string, system: FileSystem): ExitError {
  const bytes = new Uint8Array(20);
  const file = system.openToRead(path);
  let count: number;
  try {
    if (file.tryLockSync()) {
      return new ExitError(
        `Cannot use the data folder '${folder}': htserver --check is reading it; try again when it has ended`,
      );
    }
    count = file.readSync(bytes) ?? 0;
  } finally {
    file.close();
  }
  const pid = new TextDecoder().decode(bytes.subarray(0, count)).trim();
  return new ExitError(
    `Cannot use the data folder '${folder}': the server with process number ${pid} uses it; stop it, or choose another folder with --data`,
  );
}

/**
 * Checks that no other server holds a log of the folder. A server holds the lock of its log as long as the
 * log has a name. So a running server has locked one of the listed logs.
 */
async function requireUnlockedLogs(
  folder: string,
  realPath: string,
  system: FileSystem,
): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const names = await system.list(realPath);
    if (!names.includes(LOCK)) throw new Error(`the system lists its files without '${LOCK}'`);
    if (findLogNames(names).every((name) => isUnlocked(folder, `${realPath}/${name}`, system))) {
      return;
    }
  }
  throw new ExitError(`Cannot use the data folder '${folder}': its logs keep changing`);
}

/** @returns false if the log lost its name in between */
function isUnlocked(folder: string, path: string, system: FileSystem): boolean {
  const status = system.status(path);
  if (status === undefined) return false;
  if (!status.isFile) return true; // Recovery refuses it. Opening a pipe would block.
  try {
    const file = system.openToRead(path);
    try {
      // NFS grants an exclusive lock only on a file that is open for writing.
      if (file.tryLockSync()) return true;
    } finally {
      file.close();
    }
  } catch (error) {
    if (isConcurrentChange(error)) return false;
    throw new Error(`${messageOf(error)}: '${path}'`);
  }
  throw new ExitError(
    `Cannot use the data folder '${folder}': another server still uses its log '${path}', although the file '${LOCK}' was removed or replaced; stop that server or wait some seconds until it ends, then try again`,
  );
}

/** Whether another process created or removed the file between two system calls. */
function isConcurrentChange(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.AlreadyExists;
}
