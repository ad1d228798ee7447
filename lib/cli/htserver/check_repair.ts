/** The tasks `htserver --check` and `--repair`: verify or repair a data folder, and print its contents. */
import { EXIT, ExitError, messageOf } from "../../base/errors.ts";
import { columns } from "../../terminal/columns.ts";
import type { CheckRepairTask } from "../../config/check_repair_config.ts";
import { DamageError } from "../../storage/recovery/damage_error.ts";
import { findRepairedName } from "../../storage/folder/file_names.ts";
import { FolderFiles } from "../../storage/folder/folder_files.ts";
import { type FolderLock, lockFolder, lockToRead } from "../../storage/folder/lock_file.ts";
import { type FolderState, readFolder } from "../../storage/recovery/folder_reader.ts";
import { finishRepair, repairFolder } from "../../storage/recovery/repair.ts";
import { type DamagedFolder, readDamagedFolder } from "../../storage/recovery/damaged_folder.ts";
import { HashTable } from "../../table/hash_table.ts";

/** Maximum number of damaged parts of a file in the output; a file may have millions. */
const MAX_SHOWN = 10;

/**
 * Runs the task and prints its results. `--check` writes nothing, not even the lock.
 *
 * @returns the exit code: 0 if the folder is good afterwards, 1 if it is damaged
 * @throws {ExitError} if it cannot be read, or a server uses it
 */
export async function runCheckRepair({ task, folder }: CheckRepairTask): Promise<number> {
  try {
    if (!(await Deno.stat(folder)).isDirectory) throw new ExitError("it is not a folder");
    if (task === "check") {
      using _lock = lockToRead(folder);
      return await check(folder);
    }
    const lock = await lockFolder(folder);
    try {
      return await repair(folder, lock);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw new ExitError(`Cannot ${task} '${folder}': ${messageOf(error)}`);
  }
}

async function check(folder: string): Promise<number> {
  const files = new FolderFiles(folder);
  const names = await files.list();
  const contents = readDamagedFolder(files, names);
  show(contents);
  const start = predictStart(files, names);
  if (start instanceof DamageError) {
    console.log(
      `damaged: ${start.file}; htserver --repair ${folder} keeps the records that can be read: ${start.what}`,
    );
    return EXIT.failed;
  }
  const { tornTail } = start.replay;
  const repaired = findRepairedName(names);
  console.log(
    repaired !== undefined
      ? `good except for an unfinished repair: ${repaired} is the table; the next start or htserver --repair ${folder} finishes it`
      : tornTail
      ? `good except for a torn tail of ${tornTail.bytes} bytes, which the next start cuts off: it was never acknowledged` +
        (isMoreReadable(contents, start)
          ? `; htserver --repair ${folder} keeps the records of it that can be read`
          : "")
      : "good",
  );
  return EXIT.ok;
}

async function repair(folder: string, lock: FolderLock): Promise<number> {
  const files = new FolderFiles(folder, lock);
  const isUnfinished = findRepairedName(await files.list()) !== undefined;
  const finished = await finishRepair(files);
  if (isUnfinished) {
    console.log(`finished an earlier repair; the old files are ${formatNames(finished)}`);
  }
  const names = await files.list();
  const contents = readDamagedFolder(files, names);
  show(contents);
  const start = predictStart(files, names);
  if (!(start instanceof DamageError) && !isMoreReadable(contents, start)) {
    console.log("good: nothing to repair");
    return EXIT.ok;
  }
  for (const { name, damage, problems } of contents.files) {
    for (const { offset, bytes } of damage) {
      console.log(`dropped: ${bytes} bytes of ${name} at byte ${offset}`);
    }
    for (const problem of problems) console.log(`missing in ${name}: ${problem}`);
  }
  const oldFiles = await repairFolder(files, contents);
  console.log(`repaired: ${contents.table.size} keys; the old files are ${formatNames(oldFiles)}`);
  if (contents.mayLackChanges) {
    console.log("changes may be missing: the table has a new identity, so that clients notice");
  }
  return EXIT.ok;
}

/** Whether whole records follow a torn tail: a start cuts them off, and a repair keeps them. */
function isMoreReadable({ lastSeq }: DamagedFolder, { replay }: FolderState): boolean {
  return lastSeq > replay.lastSeq;
}

function formatNames(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}

function show({ files, table, lastSeq }: DamagedFolder): void {
  const rows = files.map(({ name, bytes, records, first, last, damage, problems }) => [
    name,
    String(bytes),
    String(records),
    first === undefined ? "" : `${first} to ${last}`,
    formatList([
      ...damage.map((part) => `${part.bytes} bad bytes at ${part.offset}`),
      ...problems,
    ]),
  ]);
  console.log(
    columns([["FILE", "BYTES", "RECORDS", "NUMBERS", "DAMAGE"], ...rows], new Set([1, 2])),
  );
  console.log(`${table.size} keys, last change ${lastSeq}`);
}

/** Joins at most `MAX_SHOWN` texts. */
function formatList(texts: readonly string[]): string {
  const more = texts.length - MAX_SHOWN;
  return [...texts.slice(0, MAX_SHOWN), ...(more > 0 ? [`${more} more`] : [])].join("; ");
}

/** Reads the state that the next start will find, or the damage that will prevent the start. */
function predictStart(files: FolderFiles, names: readonly string[]): FolderState | DamageError {
  try {
    return readFolder(files, names, new HashTable());
  } catch (error) {
    if (error instanceof DamageError) return error;
    throw error;
  }
}
