/**
 * The recovery of a table at a start: loads the checkpoint and replays the logs over it.
 *
 * A crash may leave a torn tail in a log: records that were never acknowledged. It is cut off, and a copy
 * is kept. Anything else that is no whole record is damage, and the start is refused (I4).
 */
import { messageOf } from "../../base/errors.ts";
import type { HashTable } from "../../table/hash_table.ts";
import { LOG, makeTornName, NEW_CHECKPOINT, NEW_LOG } from "../folder/file_names.ts";
import type { Files } from "../folder/folder_files.ts";
import { readFolder } from "./folder_reader.ts";
import { finishRepair } from "./repair.ts";
import { copyTornTail } from "../log/torn_tail.ts";
import { LogWriter, type PendingCut } from "../log/log_writer.ts";

export { DamageError } from "./damage_error.ts";

/** The result of a recovery. */
export interface Recovery {
  /** Number of the last change. */
  readonly lastSeq: number;
  /** Identity of the table. */
  readonly tableId: string;
  /** Whether the identity is new because the files are of an earlier version. */
  readonly isNewTableId: boolean;
  /** Keys in the checkpoint, and changes that were replayed over them. */
  readonly checkpointKeys: number;
  readonly replayed: number;
  /** Bytes of the torn tail, and the name of its copy; fill bytes are not copied. */
  readonly tornBytes: number;
  readonly tornCopy: string | undefined;
  /** The reason why the copy failed: the torn tail stays in the log, and changes fail until it is copied. */
  readonly copyError: string | undefined;
  /** Size of the checkpoint, in bytes. */
  readonly checkpointBytes: number;
  /** The log for further changes. */
  readonly log: LogWriter;
  /** Older logs, which the next checkpoint replaces. */
  readonly olderLogs: readonly string[];
}

/** Called from time to time with the bytes read so far. */
type OnProgress = (bytes: number) => void;

/**
 * Recovers the table of a folder.
 *
 * @param table an empty table, which is filled
 * @throws {DamageError} if a file is damaged or missing
 */
export async function recover(
  files: Files,
  table: HashTable,
  onProgress: OnProgress = () => {},
): Promise<Recovery> {
  await finishRepair(files);
  const names = await files.list();
  const read = readFolder(files, names, table, onProgress);
  const { checkpoint, replay, logs, numbers, tableId = crypto.randomUUID() } = read;
  for (const name of [NEW_CHECKPOINT, NEW_LOG]) {
    if (names.includes(name)) files.remove(name); // unfinished
  }
  const { tornTail } = replay;
  const last = tornTail?.name ?? logs.at(-1);
  const at = last === undefined ? 0 : logs.indexOf(last);
  for (const name of logs.slice(at + 1)) files.remove(name); // behind a torn log, these are empty
  // Changes in older logs were perhaps never forced to disk.
  const olderLogs = logs.slice(0, at);
  for (const name of olderLogs) await syncLog(files, name);
  let tornCopy: string | undefined;
  let copyError: string | undefined;
  let pendingCut: PendingCut | undefined;
  if (tornTail && tornTail.contentBytes > 0) {
    const copy = makeTornName(names);
    try {
      copyTornTail(files, tornTail, copy); // before the cut
      tornCopy = copy;
    } catch (error) { // usually a full disk; the table can still be read
      copyError = messageOf(error);
      pendingCut = { bytes: tornTail.bytes, saveCopy: () => copyTornTail(files, tornTail, copy) };
    }
  }
  const place = { name: last ?? LOG, number: numbers[at] ?? 1 };
  const log = last === undefined
    ? await LogWriter.create(files, place, tableId)
    : await LogWriter.resume(files, place, replay.validBytes, replay.validEntries, pendingCut);
  return {
    lastSeq: replay.lastSeq,
    tableId,
    isNewTableId: last !== undefined && read.tableId === undefined,
    checkpointKeys: checkpoint.keys,
    replayed: replay.replayed,
    tornBytes: tornTail?.bytes ?? 0,
    tornCopy,
    copyError,
    checkpointBytes: checkpoint.bytes,
    log,
    olderLogs,
  };
}

async function syncLog(files: Files, name: string): Promise<void> {
  const file = files.openToWrite(name, "append");
  try {
    await file.syncData();
  } finally {
    file.close();
  }
}
