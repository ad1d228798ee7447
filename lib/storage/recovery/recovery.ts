/**
 * Brings a table back: loads the checkpoint and replays the logs over it.
 *
 * A log's end may be torn by a crash: what was never acknowledged as a whole is cut off, and kept in a
 * file of its own. Anything else that does not read is damage, and nothing is served then (I4).
 */
import { messageOf } from "../../base/errors.ts";
import type { HashTable } from "../../table/hash_table.ts";
import { LOG, makeTornName, NEW_CHECKPOINT, NEW_LOG } from "../folder/file_names.ts";
import type { Files } from "../folder/folder_files.ts";
import { readFolder } from "./folder_reader.ts";
import { finishRepair } from "./repair.ts";
import { createTableId } from "../log/table_id.ts";
import { copyTornTail } from "../log/torn_tail.ts";
import { LogWriter, type UncutTail } from "../log/log_writer.ts";

export { DamageError } from "./damage_error.ts";

/** What was found. */
export interface Recovered {
  /** Number of the last change. */
  readonly lastSeq: number;
  /** Identity of the table. */
  readonly tableId: string;
  /** Whether the identity was made for files of an earlier version, which have none. */
  readonly isNewTableId: boolean;
  /** Keys of the checkpoint, and changes that were replayed over them. */
  readonly checkpointKeys: number;
  readonly replayed: number;
  /** Bytes of the last log's torn end, and the file that holds a copy of them; fill bytes are not copied. */
  readonly tornBytes: number;
  readonly tornCopy: string | undefined;
  /** Why there is no copy, if there should be one: the torn end is still there, and changes fail. */
  readonly whyNoCopy: string | undefined;
  /** Size of the checkpoint, in bytes. */
  readonly checkpointBytes: number;
  /** The log to go on with. */
  readonly log: LogWriter;
  /** Logs before it, which the next checkpoint makes superfluous. */
  readonly olderLogs: readonly string[];
}

/** Told now and then how many bytes were read. */
export type OnProgress = (bytes: number) => void;

/**
 * Recovers a folder.
 *
 * @param table an empty one, which is filled
 * @throws {DamageError} where a file cannot be trusted
 */
export async function recover(
  files: Files,
  table: HashTable,
  onProgress: OnProgress = () => {},
): Promise<Recovered> {
  await finishRepair(files);
  const names = await files.list();
  const read = readFolder(files, names, table, onProgress);
  const { checkpoint, replay, logs, numbers, tableId = createTableId() } = read;
  for (const name of [NEW_CHECKPOINT, NEW_LOG]) {
    if (names.includes(name)) files.remove(name); // it never came to its end
  }
  const { tornTail } = replay;
  const last = tornTail?.name ?? logs.at(-1);
  const at = last === undefined ? 0 : logs.indexOf(last);
  for (const name of logs.slice(at + 1)) files.remove(name); // behind a torn log, they hold nothing
  // What older logs hold was perhaps never forced to disk either.
  const olderLogs = logs.slice(0, at);
  for (const name of olderLogs) await forceToDisk(files, name);
  let tornCopy: string | undefined;
  let whyNoCopy: string | undefined;
  let uncut: UncutTail | undefined;
  if (tornTail && tornTail.contentBytes > 0) {
    const copy = makeTornName(names);
    try {
      copyTornTail(files, tornTail, copy); // the copy is there before the cut
      tornCopy = copy;
    } catch (error) { // no room, most likely: what is in the table can be read all the same
      whyNoCopy = messageOf(error);
      uncut = { bytes: tornTail.bytes, keep: () => copyTornTail(files, tornTail, copy) };
    }
  }
  const place = { name: last ?? LOG, number: numbers[at] ?? 1 };
  const log = last === undefined
    ? await LogWriter.create(files, place, tableId)
    : await LogWriter.resume(files, place, replay.validBytes, replay.validEntries, uncut);
  return {
    lastSeq: replay.lastSeq,
    tableId,
    isNewTableId: last !== undefined && read.tableId === undefined,
    checkpointKeys: checkpoint.keys,
    replayed: replay.replayed,
    tornBytes: tornTail?.bytes ?? 0,
    tornCopy,
    whyNoCopy,
    checkpointBytes: checkpoint.bytes,
    log,
    olderLogs,
  };
}

async function forceToDisk(files: Files, name: string): Promise<void> {
  const file = files.openToWrite(name, "append");
  try {
    await file.sync();
  } finally {
    file.close();
  }
}
