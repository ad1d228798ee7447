/** A reader of a data folder for a start: it loads the table and refuses damaged or missing files. */
import { quoted } from "../../base/quote.ts";
import type { HashTable } from "../../table/hash_table.ts";
import { DamageError } from "./damage_error.ts";
import {
  CHECKPOINT,
  findLogNames,
  findRemainder,
  findRepairedName,
  LOG,
} from "../folder/file_names.ts";
import type { Files } from "../folder/folder_files.ts";
import { type Header, readHeader } from "../log/file_header.ts";
import { type Checkpoint, loadCheckpoint } from "./checkpoint_reader.ts";
import { type LogChain, orderLogs } from "../log/log_chain.ts";
import { Replay } from "./replay.ts";

/** The result of reading a folder. */
export interface FolderState {
  readonly checkpoint: Checkpoint;
  readonly replay: Replay;
  /** Names of the logs in their order; empty in a new folder. */
  readonly logs: readonly string[];
  /** Numbers of the logs. */
  readonly numbers: readonly number[];
  /** Identity of the table; undefined in files of an earlier version, and in a new folder. */
  readonly tableId: string | undefined;
}

const NO_CHECKPOINT: Checkpoint = { header: {}, keys: 0, bytes: 0 };

/**
 * Reads a folder as a start does, and changes nothing in it. If a repair is unfinished, only the repair's
 * checkpoint counts.
 *
 * @param names names of its files, from `Files.list`
 * @param table an empty table, which is filled
 * @param onProgress called from time to time with the bytes read so far
 * @throws {DamageError} if a file is damaged or missing: a start refuses the folder then
 */
export function readFolder(
  files: Files,
  names: readonly string[],
  table: HashTable,
  onProgress: (bytes: number) => void = () => {},
): FolderState {
  const repaired = findRepairedName(names);
  const logs = repaired === undefined ? findLogNames(names) : [];
  const hasCheckpoint = names.includes(CHECKPOINT);
  const checkpoint = repaired !== undefined || hasCheckpoint
    ? loadCheckpoint(files, repaired ?? CHECKPOINT, table, onProgress)
    : NO_CHECKPOINT;
  if (repaired === undefined) requireLog(files, names, hasCheckpoint, logs);
  const headers = logs.map((name) => readLogHeader(files, name));
  const tableId = requireOneTableId(files, [
    [repaired ?? CHECKPOINT, checkpoint.header],
    ...logs.map((name, at) => [name, headers[at]] as const),
  ]);
  const chain = orderLogs(hasCheckpoint ? checkpoint.header : undefined, headers);
  if (logs.length > 0) requireWholeChain(files, hasCheckpoint, logs, headers, chain);
  const { numbers, supersededCount } = chain;
  const replay = new Replay(
    files,
    table,
    checkpoint.header.covers ?? 0,
    (bytes) => onProgress(checkpoint.bytes + bytes),
  );
  const needed = logs.slice(supersededCount);
  for (const [at, name] of needed.entries()) replay.replayLog(name, needed.slice(at + 1));
  if (!replay.endsAtLastChange) {
    throw new DamageError(
      files,
      replay.tornTail?.name ?? logs.at(-1) ?? LOG,
      replay.validBytes,
      `it ends before change ${replay.lastSeq}, which ${CHECKPOINT} holds, so a later log is missing`,
    );
  }
  return { checkpoint, replay, logs, numbers, tableId };
}

/** Refuses a folder that must have a log but has none: the log held acknowledged changes. */
function requireLog(
  files: Files,
  names: readonly string[],
  hasCheckpoint: boolean,
  logs: readonly string[],
): void {
  if (hasCheckpoint && logs.length === 0) {
    throw new DamageError(
      files,
      LOG,
      undefined,
      `it is missing, and ${CHECKPOINT} does not hold the later changes`,
    );
  }
  const remainder = findRemainder(names);
  if (!hasCheckpoint && (logs.length > 0 ? logs[0] !== LOG : remainder !== undefined)) {
    throw new DamageError(
      files,
      LOG,
      undefined,
      `it is missing, and ${logs[0] ?? remainder} exists, so this is no new table`,
    );
  }
}

/** Reads the header of a log; undefined if the record is not whole. */
function readLogHeader(files: Files, name: string): Header | undefined {
  const { header, problem } = readHeader(files, name, "txn");
  if (header && problem !== undefined) throw new DamageError(files, name, 0, problem);
  return header;
}

/** Refuses a chain with a missing log. */
function requireWholeChain(
  files: Files,
  hasCheckpoint: boolean,
  logs: readonly string[],
  headers: readonly (Header | undefined)[],
  { numbers, missing }: LogChain,
): void {
  if (missing === undefined) return;
  const unreadable = logs.find((_, at) => headers[at] === undefined);
  if (unreadable !== undefined) {
    throw new DamageError(files, unreadable, 0, "its first record is not whole");
  }
  const next = logs[missing.at];
  const what = next === undefined
    ? `log number ${missing.number}, which follows ${CHECKPOINT}, is missing`
    : `it is log number ${numbers[missing.at]}, and ` +
      (hasCheckpoint || missing.at > 0
        ? `log number ${missing.number} is missing`
        : `neither ${CHECKPOINT} nor log number ${missing.number} exists`);
  throw new DamageError(files, next ?? LOG, undefined, what);
}

/** Returns the identity in the headers, and refuses files of different tables. */
function requireOneTableId(
  files: Files,
  headers: readonly (readonly [name: string, Header | undefined])[],
): string | undefined {
  let first: { name: string; table: string } | undefined;
  for (const [name, header] of headers) {
    const table = header?.table;
    if (table === undefined) continue;
    first ??= { name, table };
    if (table !== first.table) {
      throw new DamageError(
        files,
        name,
        undefined,
        `it belongs to table ${quoted(table)}, and ${first.name} to table ${quoted(first.table)}`,
      );
    }
  }
  return first?.table;
}
