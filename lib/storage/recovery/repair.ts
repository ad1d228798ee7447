/**
 * Puts what can be read of a damaged folder in place of it.
 *
 * First the table is written to a checkpoint of its own, `table.repaired.N`. When that name is on disk the
 * repair is decided. Before, nothing in the folder has changed; after that, a start or a second repair
 * that finds the name does the rest. So a crash at any moment leaves everything that was readable.
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
import { createTableId } from "../log/table_id.ts";
import { LogWriter } from "../log/log_writer.ts";

/** The number of the first log, if a checkpoint does not say another one. */
const FIRST_LOG = 1;

/**
 * Writes what was salvaged as a checkpoint and begins a new log. The old files get new names. The table
 * has a new identity if changes may be missing in it: clients that saw them must notice.
 *
 * @returns the new names of the old files
 */
export async function repairFolder(files: Files, salvaged: DamagedFolder): Promise<string[]> {
  const { lastSeq, tableId, mayLackChanges, nextLog } = salvaged;
  const table = mayLackChanges || tableId === undefined ? createTableId() : tableId;
  const writer = new CheckpointWriter(files, { covers: lastSeq, table, log: nextLog });
  try {
    while (!writer.writeSlice(salvaged.table, Infinity));
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
 * Brings a repair to its end that was decided; nothing if there is none.
 *
 * @returns the new names of the old files that still had their old ones
 */
export async function finishRepair(files: Files): Promise<string[]> {
  const names = await files.list();
  const repaired = findRepairedName(names);
  if (repaired === undefined) {
    await finishOldRepair(files, names);
    return [];
  }
  // A kill may come between a rename and its sync, and a power failure during the renames below: then
  // they might be on disk, and this name might not.
  await files.syncFolder();
  const { table, log = FIRST_LOG } = readHeader(files, repaired, "ckpt").header ?? {};
  let hasLog = false;
  const kept: string[] = [];
  for (const name of [CHECKPOINT, ...findLogNames(names)].filter((one) => names.includes(one))) {
    const header = name === LOG ? readHeader(files, name, "txn").header : undefined;
    hasLog = header !== undefined && header.table === table && header.log === log;
    if (hasLog) break; // it was begun after all others got their new names
    const newName = makeDamagedName(parseRepairNumber(repaired) ?? 0, name);
    if (names.includes(newName)) {
      throw new ExitError(
        `Cannot finish the repair of ${files.folder}: ${name} is to become ${newName}, and there is a file of that name: move it away, then start again`,
      );
    }
    files.rename(name, newName);
    kept.push(newName);
  }
  // Or one of the old files might not have its new name when another one takes its old one.
  await files.syncFolder();
  if (!hasLog) {
    (await LogWriter.create(files, { name: LOG, number: log }, table ?? createTableId())).close();
  }
  files.rename(repaired, CHECKPOINT);
  await files.syncFolder();
  return kept;
}

/**
 * A repair of an earlier version gave the old checkpoint another name before the new one got its own: in
 * between, all is in the new one.
 */
async function finishOldRepair(files: Files, names: readonly string[]): Promise<void> {
  const isUnfinished = names.includes(NEW_CHECKPOINT) && !names.includes(CHECKPOINT) &&
    names.some((name) => name.startsWith("damaged.") && name.endsWith(`.${CHECKPOINT}`));
  if (!isUnfinished || !isWholeCheckpoint(files, NEW_CHECKPOINT)) return;
  await files.syncFolder(); // the old one's new name, before another file takes its old one
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
