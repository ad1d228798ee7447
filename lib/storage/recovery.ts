/**
 * Brings a table back: loads the checkpoint and replays the logs over it.
 *
 * A log's end may be torn by a crash: what was never acknowledged as a whole is cut off, and kept in a
 * file of its own. Anything else that does not read is damage, and nothing is served then (I4).
 */
import type { HashTable } from "../table/hash_table.ts";
import { CHECKPOINT, LOG, logNames, NEW_CHECKPOINT, nextLogName } from "./data_folder.ts";
import type { Files } from "./files.ts";
import { type Checkpoint, loadCheckpoint } from "./load_checkpoint.ts";
import { Replay } from "./replay.ts";
import { newTableId } from "./table_id.ts";
import { keepTornEnd } from "./torn_end.ts";
import { TxnLog } from "./txn_log.ts";

export { DamageError } from "./damage.ts";

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
  /** Bytes cut off the last log, and the file that holds them now. */
  readonly cutBytes: number;
  readonly cutTo: string | undefined;
  /** Size of the checkpoint, in bytes. */
  readonly checkpointBytes: number;
  /** The log to go on with. */
  readonly log: TxnLog;
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
  const names = await files.list();
  if (isRepairUnfinished(names)) {
    files.rename(NEW_CHECKPOINT, CHECKPOINT);
    await files.syncFolder();
  } else if (names.includes(NEW_CHECKPOINT)) files.remove(NEW_CHECKPOINT); // it never came to its end
  const { checkpoint, replay, logs } = readFolder(files, await files.list(), table, onProgress);
  const { torn, tableId = newTableId() } = replay;
  const cutTo = torn && torn.bytes > 0
    ? await keepTornEnd(files, torn.name, torn.offset)
    : undefined;
  if (cutTo !== undefined) await files.syncFolder(); // the copy is there before the cut
  const last = torn?.name ?? logs.at(-1);
  // A log whose very header is torn is begun anew. Nothing may be written behind one that ends before
  // what the checkpoint covers: the changes in between would be missing there.
  const isReusable = last !== undefined && replay.goodBytes > 0 && replay.isAtLast;
  const isShort = replay.goodBytes > 0 && !replay.isAtLast;
  // Logs behind a torn one hold nothing.
  for (const name of torn ? logs.slice(logs.indexOf(torn.name) + 1) : []) files.remove(name);
  // What older logs hold was perhaps never forced to disk either.
  const olderLogs = logs.slice(0, last === undefined ? 0 : logs.indexOf(last) + (isShort ? 1 : 0));
  for (const name of olderLogs) await forceToDisk(files, name);
  if (last !== undefined && !isReusable && !isShort) files.remove(last);
  const log = isReusable
    ? await TxnLog.resume(files, last, replay.goodBytes, replay.goodEntries)
    : await TxnLog.create(files, isShort ? nextLogName(await files.list()) : last ?? LOG, tableId);
  return {
    lastSeq: replay.lastSeq,
    tableId,
    isNewTableId: replay.tableId === undefined && (isReusable || checkpoint.bytes > 0),
    checkpointKeys: checkpoint.keys,
    replayed: replay.replayed,
    cutBytes: torn?.bytes ?? 0,
    cutTo,
    checkpointBytes: checkpoint.bytes,
    log,
    olderLogs,
  };
}

/**
 * Reads a folder as a start does, and changes nothing in it.
 *
 * @param names of the files in it, from `Files.list`
 * @param table an empty one, which is filled
 * @throws {DamageError} where a file cannot be trusted: a start refuses then
 */
export function readFolder(
  files: Files,
  names: readonly string[],
  table: HashTable,
  onProgress: OnProgress = () => {},
): { checkpoint: Checkpoint; replay: Replay; logs: string[] } {
  const checkpoint = names.includes(CHECKPOINT)
    ? loadCheckpoint(files, table, onProgress)
    : { covers: 0, keys: 0, table: undefined, bytes: 0 };
  const replay = new Replay(
    files,
    table,
    checkpoint.covers,
    checkpoint.table,
    (bytes) => onProgress(checkpoint.bytes + bytes),
  );
  const logs = logNames(names);
  for (const [at, name] of logs.entries()) replay.log(name, logs.slice(at + 1));
  return { checkpoint, replay, logs };
}

/** Whether a repair ended between giving the old checkpoint another name and the new one its own. */
function isRepairUnfinished(names: readonly string[]): boolean {
  return names.includes(NEW_CHECKPOINT) && !names.includes(CHECKPOINT) &&
    names.some((name) => name.startsWith("damaged.") && name.endsWith(`.${CHECKPOINT}`));
}

async function forceToDisk(files: Files, name: string): Promise<void> {
  const file = files.openToWrite(name, "append");
  try {
    await file.sync();
  } finally {
    file.close();
  }
}
