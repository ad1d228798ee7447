/** Verifies or repairs a data folder, and says what is there. */
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

/** Parts of a file that are shown; a file may have millions. */
const MAX_SHOWN = 10;

/**
 * Does the task, with lines on stdout. `--check` writes nothing, not even the lock.
 *
 * @returns the exit code: 0 where the folder is good (now), 1 where it is damaged
 * @throws {ExitError} where it cannot be read, or a server uses it
 */
export async function runCheckRepair({ task, folder }: CheckRepairTask): Promise<number> {
  try {
    if (!(await Deno.stat(folder)).isDirectory) throw new ExitError("it is no folder");
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
  const start = nextStart(files, names);
  if (start instanceof DamageError) {
    console.log(
      `damaged: ${start.file}; htserver --repair ${folder} salvages what can be read: ${start.what}`,
    );
    return EXIT.failed;
  }
  const { tornTail } = start.replay;
  const repaired = findRepairedName(names);
  console.log(
    repaired !== undefined
      ? `good but for a repair that did not come to its end: ${repaired} is the table; the next start or htserver --repair ${folder} finishes it`
      : tornTail
      ? `good but for a torn tail of ${tornTail.bytes} bytes, which the next start cuts off: it was never acknowledged` +
        (isMoreReadable(contents, start)
          ? `; htserver --repair ${folder} keeps what can be read of it`
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
    console.log(`finished the repair before this one; old files are ${oldFiles(finished)}`);
  }
  const names = await files.list();
  const contents = readDamagedFolder(files, names);
  show(contents);
  const start = nextStart(files, names);
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
  const kept = await repairFolder(files, contents);
  console.log(`repaired: ${contents.table.size} keys; the old files are ${oldFiles(kept)}`);
  if (contents.mayLackChanges) {
    console.log("changes may be missing: the table has a new identity, so that clients notice");
  }
  return EXIT.ok;
}

/** Whether whole records stand behind a torn tail, which a start must cut off. */
function isMoreReadable({ lastSeq }: DamagedFolder, { replay }: FolderState): boolean {
  return lastSeq > replay.lastSeq;
}

function oldFiles(names: readonly string[]): string {
  return names.length === 0 ? "not there" : names.join(", ");
}

function show({ files, table, lastSeq }: DamagedFolder): void {
  const rows = files.map(({ name, bytes, records, first, last, damage, problems }) => [
    name,
    String(bytes),
    String(records),
    first === undefined ? "" : `${first} to ${last}`,
    someOf([
      ...damage.map((part) => `${part.bytes} bad bytes at ${part.offset}`),
      ...problems,
    ]),
  ]);
  console.log(
    columns([["FILE", "BYTES", "RECORDS", "NUMBERS", "DAMAGE"], ...rows], new Set([1, 2])),
  );
  console.log(`${table.size} keys, last change ${lastSeq}`);
}

/** The first of many. */
function someOf(texts: readonly string[]): string {
  const more = texts.length - MAX_SHOWN;
  return [...texts.slice(0, MAX_SHOWN), ...(more > 0 ? [`${more} more`] : [])].join("; ");
}

/** What the next start will find: perhaps a torn tail; or why it will refuse. */
function nextStart(files: FolderFiles, names: readonly string[]): FolderState | DamageError {
  try {
    return readFolder(files, names, new HashTable());
  } catch (error) {
    if (error instanceof DamageError) return error;
    throw error;
  }
}
