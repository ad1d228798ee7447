/**
 * Reads all of a data folder that can be read, damage or not: for `--check` and `--repair`.
 * Recovery refuses damage; this goes on behind it, and says what is missing.
 */
import { HashTable } from "../table/hash_table.ts";
import { applyChange } from "./apply_change.ts";
import { CheckpointWriter, isEnd } from "./checkpoint.ts";
import { CHECKPOINT, LOG, logNames, NEW_CHECKPOINT } from "./data_folder.ts";
import type { Files } from "./files.ts";
import { coversOf } from "./header.ts";
import { RecordReader } from "./record_reader.ts";
import { newTableId } from "./table_id.ts";
import { TxnLog } from "./txn_log.ts";
import type { TxnRecord } from "./txn_record.ts";

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

/**
 * Reads a folder and changes nothing.
 *
 * @param names of the files in it, from `Files.list`
 */
export function salvage(files: Files, names: readonly string[]): Salvaged {
  const table = new HashTable();
  const contents: FileContent[] = [];
  let covers = 0;
  if (names.includes(CHECKPOINT)) {
    const read = readFile(files, CHECKPOINT, (record) => applyChange(table, record));
    covers = read.covers;
    contents.push(read.content);
  }
  let lastSeq = covers;
  for (const name of logNames(names)) {
    const before = lastSeq;
    const { content } = readFile(files, name, (record) => {
      if (record.seq <= covers) return;
      applyChange(table, record);
      lastSeq = Math.max(lastSeq, record.seq);
    });
    const { first, bad, problems } = content;
    const gap = first !== undefined && first > before + 1 && bad.length === 0
      ? [`changes ${before + 1} to ${first - 1} are missing before it`]
      : [];
    contents.push({ ...content, problems: [...gap, ...problems] });
  }
  return { files: contents, table, lastSeq };
}

/**
 * Writes what was salvaged as a checkpoint and an empty log. The old files get new names.
 *
 * @returns the new names of the old files
 */
export async function replaceBySalvaged(files: Files, salvaged: Salvaged): Promise<string[]> {
  const tableId = newTableId();
  const writer = new CheckpointWriter(files, salvaged.lastSeq, tableId);
  try {
    while (!writer.writeSlice(salvaged.table, Infinity));
    writer.finish();
    await writer.sync();
  } finally {
    writer.close();
  }
  const names = await files.list();
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
  (await TxnLog.create(files, LOG, tableId)).close();
  return kept;
}

function readFile(
  files: Files,
  name: string,
  take: (record: TxnRecord) => void,
): { content: FileContent; covers: number } {
  const isCheckpoint = name === CHECKPOINT;
  const bad: BadPart[] = [];
  const problems: string[] = [];
  let records = 0;
  let first: number | undefined, last: number | undefined;
  let covers: number | undefined;
  let hasEnd = false;
  using reader = RecordReader.open(files, name);
  while (reader.next()) {
    const { offset, end, record } = reader;
    if (record === undefined) {
      bad.push({ offset, bytes: end - offset });
      continue;
    }
    const { seq } = record;
    records++;
    if (seq === 0) {
      covers = coversOf(record);
      continue;
    }
    if (last !== undefined && seq !== last + 1) {
      problems.push(`numbers ${last + 1} to ${seq - 1} are missing at byte ${offset}`);
    }
    first ??= seq;
    last = seq;
    if (isCheckpoint && isEnd(record)) hasEnd = true;
    else take(record);
  }
  if (covers === undefined) problems.push("its first record is missing");
  if (isCheckpoint && !hasEnd) problems.push("its last record is missing");
  const content = { name, bytes: reader.end, records, first, last, bad, problems };
  return { content, covers: covers ?? 0 };
}
