/**
 * The repair of a damaged folder: replaces the files by a checkpoint of all that is readable.
 *
 * The repair first writes the checkpoint `table.repaired.N`. Until that name is on disk, nothing in the
 * folder has changed. After that, a start or a second repair finishes an interrupted repair. So a crash at
 * any moment loses nothing that was readable.
 */
import { ExitError } from "../../base/errors.ts";
import { HashTable } from "../../table/hash_table.ts";
import { CheckpointWriter } from "../log/checkpoint_writer.ts";
import { DamageError } from "./damage_error.ts";
import {
  CHECKPOINT,
  findLogNames,
  findRepairedName,
  LOG,
  makeDamagedName,
  makeRepairedName,
  NEW_CHECKPOINT,
  parseRepairNumber,
} from "../folder/file_names.ts";
import { isUnchanged } from "../folder/file_system.ts";
import { type Files, removeQuietly } from "../folder/folder_files.ts";
import { readHeader } from "../log/file_header.ts";
import { loadCheckpoint } from "./checkpoint_reader.ts";
import type { DamagedFolder } from "./damaged_folder.ts";
import { LogWriter } from "../log/log_writer.ts";

/** The number of the first log, if no checkpoint has another one. */
const FIRST_LOG = 1;

/**
 * Writes a checkpoint of the readable content, starts a new log and renames the old files. The table gets
 * a new identity if changes may be missing, so that clients notice.
 *
 * @returns the new names of the old files
 */
export async function repairFolder(files: Files, contents: DamagedFolder): Promise<string[]> {
  const { lastSeq, tableId, mayLackChanges, nextLog } = contents;
  const table = mayLackChanges || tableId === undefined ? crypto.randomUUID() : tableId;
  const writer = new CheckpointWriter(files, { covers: lastSeq, table, log: nextLog });
  try {
    while (!writer.writeSlice(contents.table, Infinity));
    writer.finish();
    await writer.sync();
    if (!isUnchanged(files.find(NEW_CHECKPOINT), writer.status())) {
      throw new Error(`'${NEW_CHECKPOINT}' was removed or changed by another program`);
    }
  } catch (error) {
    removeQuietly(files, NEW_CHECKPOINT);
    throw error;
  } finally {
    writer.close();
  }
  const names = await files.list();
  let number = 1;
  while (names.some((name) => name.startsWith(makeDamagedName(number, "")))) number++;
  files.rename(NEW_CHECKPOINT, makeRepairedName(number));
  await files.syncFolder();
  return await finishRepair(files);
}

/**
 * Finishes an interrupted repair, if there is one.
 *
 * @returns the new names of the old files that this call renamed
 */
export async function finishRepair(files: Files): Promise<string[]> {
  const names = await files.list();
  const repaired = findRepairedName(names);
  if (repaired === undefined) {
    await finishOldRepair(files, names);
    return [];
  }
  // The repair may have been killed before it synced this name. A power failure could then lose the name
  // and keep the renames below.
  await files.syncFolder();
  const { table, log = FIRST_LOG } = readHeader(files, repaired, "ckpt").header ?? {};
  let hasLog = false;
  const newNames: string[] = [];
  for (const name of [CHECKPOINT, ...findLogNames(names)].filter((one) => names.includes(one))) {
    const header = name === LOG ? readHeader(files, name, "txn").header : undefined;
    hasLog = header !== undefined && header.table === table && header.log === log;
    if (hasLog) break; // a repair starts this log only after all other logs are renamed
    const newName = makeDamagedName(parseRepairNumber(repaired) ?? 0, name);
    if (names.includes(newName)) {
      throw new ExitError(
        `Cannot finish the repair of ${files.folder}: ${name} must be renamed to ${newName}, and that file exists: move it away, then start again`,
      );
    }
    files.rename(name, newName);
    newNames.push(newName);
  }
  // All new names must be durable before another file gets an old name.
  await files.syncFolder();
  if (!hasLog) {
    (await LogWriter.create(files, { name: LOG, number: log }, table ?? crypto.randomUUID()))
      .close();
  }
  files.rename(repaired, CHECKPOINT);
  await files.syncFolder();
  return newNames;
}

/**
 * Finishes an interrupted repair of an earlier version, which renamed the old checkpoint before the new one
 * got its name. Between these two steps, the new one holds the table.
 */
async function finishOldRepair(files: Files, names: readonly string[]): Promise<void> {
  const isUnfinished = names.includes(NEW_CHECKPOINT) && !names.includes(CHECKPOINT) &&
    names.some((name) => name.startsWith("damaged.") && name.endsWith(`.${CHECKPOINT}`));
  if (!isUnfinished || !isWholeCheckpoint(files, NEW_CHECKPOINT)) return;
  await files.syncFolder(); // the new name of the old checkpoint, before another file gets the old name
  files.rename(NEW_CHECKPOINT, CHECKPOINT);
  await files.syncFolder();
}

function isWholeCheckpoint(files: Files, name: string): boolean {
  try {
    loadCheckpoint(files, name, new HashTable(), () => {});
    return true;
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    return false;
  }
}
