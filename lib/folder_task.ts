/** Verifies or repairs a data folder, and says what is there. */
import { EXIT, ExitError, messageOf } from "./base/errors.ts";
import { columns } from "./base/columns.ts";
import type { FolderTask } from "./config/folder_task.ts";
import { DamageError } from "./storage/damage.ts";
import { FolderFiles } from "./storage/files.ts";
import { type FolderLock, lockFolder } from "./storage/folder_lock.ts";
import { readFolder } from "./storage/recovery.ts";
import type { Replay } from "./storage/replay.ts";
import { type FileContent, replaceBySalvaged, salvage, type Salvaged } from "./storage/salvage.ts";
import { HashTable } from "./table/hash_table.ts";

/**
 * Does the task, with lines on stdout.
 *
 * @returns the exit code: 0 where the folder is good (now), 1 where it is damaged
 * @throws {ExitError} where it cannot be read
 */
export async function runFolderTask({ task, folder }: FolderTask): Promise<number> {
  try {
    if (!(await Deno.stat(folder)).isDirectory) throw new ExitError("it is no folder");
    const lock = await lockFolder(folder);
    try {
      return task === "check" ? await check(folder, lock) : await repair(folder, lock);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw new ExitError(`Cannot ${task} '${folder}': ${messageOf(error)}`);
  }
}

async function check(folder: string, lock: FolderLock): Promise<number> {
  const files = new FolderFiles(folder, lock);
  const names = await files.list();
  const salvaged = salvage(files, names);
  show(salvaged);
  const start = nextStart(files, names);
  const damaged = salvaged.files.filter(isDamaged).map(({ name }) => name);
  if (start instanceof DamageError && !damaged.includes(start.file)) damaged.push(start.file);
  if (damaged.length === 0) {
    console.log("good");
    return EXIT.ok;
  }
  if (!(start instanceof DamageError) && damaged.every((name) => name === start.torn?.name)) {
    console.log(
      `good but for a torn end of ${start.torn?.bytes} bytes, which the next start cuts off: nobody was told of it`,
    );
    return EXIT.ok;
  }
  console.log(
    `damaged: ${damaged.join(", ")}; htserver --repair ${folder} salvages what can be read`,
  );
  return EXIT.failed;
}

async function repair(folder: string, lock: FolderLock): Promise<number> {
  const files = new FolderFiles(folder, lock);
  const names = await files.list();
  const salvaged = salvage(files, names);
  show(salvaged);
  if (!salvaged.files.some(isDamaged) && !(nextStart(files, names) instanceof DamageError)) {
    console.log("good: nothing to repair");
    return EXIT.ok;
  }
  for (const { name, bad, problems } of salvaged.files) {
    for (const { offset, bytes } of bad) {
      console.log(`dropped: ${bytes} bytes of ${name} at byte ${offset}`);
    }
    for (const problem of problems) console.log(`missing in ${name}: ${problem}`);
  }
  const kept = await replaceBySalvaged(files, salvaged);
  console.log(`repaired: ${salvaged.table.size} keys; the old files are ${kept.join(", ")}`);
  return EXIT.ok;
}

function show({ files, table, lastSeq }: Salvaged): void {
  const rows = files.map(({ name, bytes, records, first, last, bad, problems }) => [
    name,
    String(bytes),
    String(records),
    first === undefined ? "" : `${first} to ${last}`,
    [...bad.map((part) => `${part.bytes} bad bytes at ${part.offset}`), ...problems].join("; "),
  ]);
  console.log(
    columns([["FILE", "BYTES", "RECORDS", "NUMBERS", "DAMAGE"], ...rows], new Set([1, 2])),
  );
  console.log(`${table.size} keys, last change ${lastSeq}`);
}

function isDamaged({ bad, problems }: FileContent): boolean {
  return bad.length + problems.length > 0;
}

/** What the next start will find: perhaps a torn end; or why it will refuse. */
function nextStart(
  files: FolderFiles,
  names: readonly string[],
): Pick<Replay, "torn"> | DamageError {
  try {
    return readFolder(files, names, new HashTable()).replay;
  } catch (error) {
    if (error instanceof DamageError) return error;
    throw error;
  }
}
