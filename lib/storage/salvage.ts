/**
 * Reads all of a data folder that can be read, damage or not: for `--check` and `--repair`.
 * Recovery refuses damage; this goes on behind it, and says what is missing.
 */
import { decodeRequest, isRefusal } from "../protocol/decode_request.ts";
import { HashTable } from "../table/hash_table.ts";
import { CHECKPOINT, LOG, logNames, NEW_CHECKPOINT } from "./data_folder.ts";
import { CheckpointWriter } from "./checkpoint.ts";
import type { Files } from "./files.ts";
import { readRecords } from "./record_reader.ts";
import { TxnLog } from "./txn_log.ts";
import { MAX_RECORD_BYTES, type TxnRecord } from "./txn_record.ts";

/** Bytes of a file that hold no record. */
export interface BadPart {
  readonly offset: number;
  readonly bytes: number;
}

/** What one file holds. */
export interface FileContent {
  readonly name: string;
  readonly bytes: number;
  /** Whole records, the first one included. */
  readonly records: number;
  /** Numbers of the first and the last change; of a checkpoint: of keys. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly bad: readonly BadPart[];
  /** What is wrong beside the bad parts. */
  readonly problems: readonly string[];
}

/** What a folder holds. */
export interface Salvaged {
  readonly files: readonly FileContent[];
  readonly table: HashTable;
  readonly lastSeq: number;
}

/** Reads a folder and changes nothing. */
export function salvage(files: Files): Salvaged {
  const names = files.list();
  const table = new HashTable();
  const contents: FileContent[] = [];
  let covers = 0;
  if (names.includes(CHECKPOINT)) {
    const { content, header } = readFile(files, CHECKPOINT, (record) => apply(table, record));
    covers = header?.covers ?? 0;
    contents.push(content);
  }
  let lastSeq = covers;
  for (const name of logNames(names)) {
    const { content } = readFile(files, name, (record) => {
      if (record.seq <= covers) return;
      apply(table, record);
      lastSeq = Math.max(lastSeq, record.seq);
    });
    contents.push(content);
  }
  return { files: contents, table, lastSeq };
}

/**
 * Writes what was salvaged as a checkpoint and an empty log. The old files get new names.
 *
 * @returns the new names of the old files
 */
export async function replaceBySalvaged(files: Files, salvaged: Salvaged): Promise<string[]> {
  const writer = new CheckpointWriter(files, salvaged.lastSeq);
  try {
    while (!writer.writeSlice(salvaged.table, Infinity));
    writer.finish();
    await writer.sync();
  } finally {
    writer.close();
  }
  const names = files.list();
  let number = 1;
  while (names.some((name) => name.startsWith(`damaged.${number}.`))) number++;
  const keep = (name: string) => {
    const newName = `damaged.${number}.${name}`;
    files.rename(name, newName);
    return newName;
  };
  // In this order: whatever a crash leaves in between either holds the new checkpoint or is refused.
  const isCheckpoint = ({ name }: FileContent) => name === CHECKPOINT;
  const kept = salvaged.files.filter(isCheckpoint).map(({ name }) => keep(name));
  files.rename(NEW_CHECKPOINT, CHECKPOINT);
  await files.syncFolder();
  for (const { name } of salvaged.files) if (name !== CHECKPOINT) kept.push(keep(name));
  (await TxnLog.create(files, LOG)).close();
  return kept;
}

function readFile(
  files: Files,
  name: string,
  take: (record: TxnRecord) => void,
): { content: FileContent; header: { covers: number } | undefined } {
  const isCheckpoint = name === CHECKPOINT;
  const bad: BadPart[] = [];
  const problems: string[] = [];
  let records = 0, bytes = 0;
  let first: number | undefined, last: number | undefined;
  let header: { covers: number } | undefined;
  let hasEnd = false;
  for (const { offset, end, record } of readRecords(files.openToRead(name))) {
    bytes = end;
    if (record === undefined) {
      bad.push({ offset, bytes: end - offset });
      continue;
    }
    records++;
    if (record.seq === 0) {
      header = headerOf(record.json);
      continue;
    }
    if (last !== undefined && record.seq !== last + 1) {
      problems.push(`numbers ${last + 1} to ${record.seq - 1} are missing at byte ${offset}`);
    }
    first ??= record.seq;
    last = record.seq;
    if (isCheckpoint && record.json.startsWith('{"end":')) hasEnd = true;
    else take(record);
  }
  if (header === undefined) problems.push("its first record is missing");
  if (isCheckpoint && !hasEnd) problems.push("its last record is missing");
  return { content: { name, bytes, records, first, last, bad, problems }, header };
}

function headerOf(json: string): { covers: number } {
  try {
    const { covers } = JSON.parse(json);
    return { covers: typeof covers === "number" ? covers : 0 };
  } catch {
    return { covers: 0 };
  }
}

function apply(table: HashTable, { json }: TxnRecord): void {
  const change = decodeRequest(json, MAX_RECORD_BYTES);
  if (isRefusal(change)) return;
  if (change.method === "insert") table.insert(change.key, change.value);
  else if (change.method === "remove") table.remove(change.key);
}
