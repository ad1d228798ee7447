/**
 * One server for each data folder (I10), and one identity of the folder: device and inode of the lock
 * that is held.
 *
 * The lock is the system's: it goes with the process that holds it, however that ends. The file also
 * gives the process number. A file can be removed, so the logs are locked as well: a server holds the
 * lock of its log at all times, and another one that finds a new `lock` but a locked log is refused.
 */
import { ExitError, messageOf } from "../../base/errors.ts";
import { findLogNames, LOCK } from "./file_names.ts";
import { type FileSystem, isSameFile, realFileSystem, type WritableFile } from "./file_system.ts";

/** A folder that no other server uses meanwhile. */
export interface FolderLock {
  /** The folder's path without links. */
  readonly realPath: string;
  /**
   * Checks that the folder's path still leads to this lock.
   *
   * @throws {FolderLostError} if not
   */
  check(): void;
  release(): void;
}

/** The folder was moved or replaced, or its lock removed: another server may use what is there now. */
export class FolderLostError extends Error {
  override name = "FolderLostError";

  /** @param folder its path as the user gave it */
  constructor(folder: string) {
    super(
      `'${folder}/${LOCK}' is no longer the lock that this server holds, since the folder was moved or replaced or the lock removed; nothing more is written there, and what was acknowledged is in the folder that was opened, wherever it is now`,
    );
  }
}

/** How often a lock or log that disappears while it is opened is looked for again. */
const MAX_ATTEMPTS = 100;

/**
 * Takes the lock of a folder.
 *
 * @throws {ExitError} if another process has it, with its number; if another server has a log of the
 *   folder; or if the file `lock` is not one that a server made
 */
export async function lockFolder(
  folder: string,
  system: FileSystem = realFileSystem,
): Promise<FolderLock> {
  const realPath = system.realPath(folder);
  const file = openLock(folder, realPath, system);
  try {
    const own = file.status();
    // The path may lead elsewhere by now, and the place where files are written may be another folder.
    const check = () => {
      for (const path of [folder, realPath]) {
        if (!isSameFile(system.status(`${path}/${LOCK}`), own)) throw new FolderLostError(folder);
      }
    };
    await requireUnlockedLogs(folder, realPath, system);
    check();
    file.truncate(0);
    file.write(new TextEncoder().encode(`${Deno.pid}\n`));
    return { realPath, check, release: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Keeps servers out of a folder while it is read, and writes nothing: it works on a read-only disk.
 *
 * @returns undefined if there is no file `lock`: no server uses the folder
 * @throws {ExitError} if a server has the lock, with its process number; or if the file `lock` is not one
 *   that a server made
 */
export function lockToRead(
  folder: string,
  system: FileSystem = realFileSystem,
): Disposable | undefined {
  const path = `${folder}/${LOCK}`;
  const known = system.status(path);
  if (known === undefined) return undefined;
  requirePlainLock(folder, known.isFile); // to open a pipe would wait
  const file = system.openToRead(path);
  if (file.tryLock("shared")) return { [Symbol.dispose]: () => file.close() };
  file.close();
  throw makeInUseError(folder, path, system);
}

/** Opens the file without following a link, and locks it. */
function openLock(folder: string, realPath: string, system: FileSystem): WritableFile {
  const path = `${realPath}/${LOCK}`;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const known = system.status(path);
    if (known) requirePlainLock(folder, known.isFile && known.names === 1);
    let file: WritableFile;
    try {
      // To create never follows a link; to open one that was put here just now changes nothing.
      file = system.openToWrite(path, known ? "append" : "create");
    } catch (error) {
      if (isConcurrentChange(error)) continue;
      throw error;
    }
    try {
      const own = file.status();
      if (isSameFile(system.status(path), own)) {
        requirePlainLock(folder, own.isFile && own.names === 1);
        if (!file.tryLock()) throw makeInUseError(folder, path, system);
        if (isSameFile(system.status(path), own)) return file;
      }
      file.close(); // It was removed or replaced meanwhile.
    } catch (error) {
      file.close();
      throw error;
    }
  }
  throw new ExitError(
    `Cannot use the data folder '${folder}': its file '${LOCK}' is replaced again and again`,
  );
}

/** Refuses a file to which a link or another name leads: to write there would change another file. */
function requirePlainLock(folder: string, isMadeByServer: boolean): void {
  if (isMadeByServer) return;
  throw new ExitError(
    `Cannot use the data folder '${folder}': '${folder}/${LOCK}' must be a plain file with one name, and is a link or something else; remove it, if no server uses the folder`,
  );
}

/** The refusal with the number of the process that has the lock. */
function makeInUseError(folder: string, path: string, system: FileSystem): ExitError {
  const bytes = new Uint8Array(20);
  const file = system.openToRead(path);
  let count: number;
  try {
    if (file.tryLock("shared")) {
      return new ExitError(
        `Cannot use the data folder '${folder}': htserver --check is reading it; try again when that has ended`,
      );
    }
    count = file.read(bytes) ?? 0;
  } finally {
    file.close();
  }
  const pid = new TextDecoder().decode(bytes.subarray(0, count)).trim();
  return new ExitError(
    `Cannot use the data folder '${folder}': the server with process number ${pid} has it; stop that one, or choose another folder with --data`,
  );
}

/**
 * Checks that no other server has a log of the folder. A server has its log locked from before it
 * uses it until it has lost its name; so one of those listed is locked if there is a server.
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
  throw new ExitError(`Cannot use the data folder '${folder}': its logs change again and again`);
}

/** @returns false if the log lost its name meanwhile */
function isUnlocked(folder: string, path: string, system: FileSystem): boolean {
  const status = system.status(path);
  if (status === undefined) return false;
  if (!status.isFile) return true; // Recovery refuses it. To open a pipe would wait.
  try {
    const file = system.openToRead(path);
    try {
      // NFS gives an exclusive lock only to a file that is open for writing.
      if (file.tryLock("shared")) return true;
    } finally {
      file.close();
    }
  } catch (error) {
    if (isConcurrentChange(error)) return false;
    throw new Error(`${messageOf(error)}: '${path}'`);
  }
  throw new ExitError(
    `Cannot use the data folder '${folder}': another server still has its log '${path}', although the file '${LOCK}' was removed or replaced; that server ends within seconds, or stop it, then try again`,
  );
}

/** Whether a name has come or gone since the last look. */
function isConcurrentChange(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.AlreadyExists;
}
