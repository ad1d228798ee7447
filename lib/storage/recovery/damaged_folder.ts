/**
 * A reader of a damaged data folder, for `--check` and `--repair`. A start refuses damage
 * (`folder_reader.ts`); this reader continues behind damage and reports the missing parts.
 */
import { quoted } from "../../base/quote.ts";
import { HashTable } from "../../table/hash_table.ts";
import { applyChange } from "./apply_change.ts";
import { isEndRecord } from "../log/checkpoint_writer.ts";
import { CHECKPOINT, findLogNames, findRepairedName } from "../folder/file_names.ts";
import type { Files } from "../folder/folder_files.ts";
import { type Header, parseHeader, readHeader } from "../log/file_header.ts";
import { orderLogs } from "../log/log_chain.ts";
import { LogReader } from "../log/log_reader.ts";
import type { LogRecord } from "../log/log_record.ts";

/** Bytes of a file that are in no whole record. */
interface DamagedRange {
  readonly offset: number;
  readonly bytes: number;
}

/** The report on one file. */
interface FileReport {
  readonly name: string;
  readonly bytes: number;
  /** Whole records, the header included. */
  readonly records: number;
  /** Numbers of the first and the last change in a log, or of the keys in a checkpoint. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly damage: readonly DamagedRange[];
  /** Problems besides the damage. */
  readonly problems: readonly string[];
}

/** The readable content of a folder. */
export interface DamagedFolder {
  readonly files: readonly FileReport[];
  readonly table: HashTable;
  readonly lastSeq: number;
  /** Identity of the table; undefined if no file has one. */
  readonly tableId: string | undefined;
  /** The number for the next log. */
  readonly nextLog: number;
  /** Whether acknowledged changes may be missing in the table. */
  readonly mayLackChanges: boolean;
}

/**
 * Reads all whole records of a folder, and changes nothing.
 *
 * @param names names of its files, from `Files.list`
 */
export function readDamagedFolder(files: Files, names: readonly string[]): DamagedFolder {
  const repaired = findRepairedName(names);
  const checkpointName = repaired ?? (names.includes(CHECKPOINT) ? CHECKPOINT : undefined);
  const logs = repaired === undefined ? findLogNames(names) : [];
  const headers = logs.map((name) => readHeader(files, name, "txn").header);
  let table = new HashTable();
  const reports: FileReport[] = [];
  let header: Header | undefined;
  let isCheckpointDamaged = false;
  if (checkpointName !== undefined) {
    const read = readFile(files, checkpointName, (record) => applyChange(table, record));
    header = read.header;
    reports.push(read.report);
    isCheckpointDamaged = isDamaged(read.report);
  }
  const tableId = [header, ...headers].find((one) => one?.table !== undefined)?.table;
  const chain = orderLogs(checkpointName === undefined ? undefined : header ?? {}, headers);
  let mayLackChanges = isCheckpointDamaged ||
    (chain.missing !== undefined && repaired === undefined);
  if (checkpointName !== undefined && isCheckpointDamaged && chain.supersededCount > 0) {
    // Lost entries may still be in older logs. Entries of the checkpoint are newer than those.
    const older = logs.slice(0, chain.supersededCount)
      .filter((_, at) => (headers[at]?.table ?? tableId) === tableId);
    table = new HashTable();
    for (const name of [...older, checkpointName]) {
      readFile(files, name, (record) => applyChange(table, record));
    }
  }
  const covers = header?.covers ?? 0;
  let lastSeq = covers;
  for (const [at, name] of logs.entries()) {
    const before = lastSeq;
    const foreign = headers[at]?.table;
    const isForeign = foreign !== undefined && foreign !== tableId;
    const { report, endsWithRecord } = readFile(files, name, (record) => {
      if (record.seq <= covers || isForeign) return;
      if (record.seq > lastSeq + 1) mayLackChanges = true;
      applyChange(table, record);
      lastSeq = Math.max(lastSeq, record.seq);
    });
    const isNeeded = at >= chain.supersededCount;
    if (isForeign || (isNeeded && !endsWithRecord)) mayLackChanges = true;
    const { first, damage, problems } = report;
    const more: string[] = [];
    if (isForeign) more.push(`it belongs to another table, ${quoted(foreign)}`);
    if (
      isNeeded && !isForeign && first !== undefined && first > before + 1 &&
      damage.length === 0
    ) {
      more.push(`changes ${before + 1} to ${first - 1} are missing before it`);
    }
    if (chain.missing?.at === at) {
      more.push(`log number ${chain.missing.number} is missing before it`);
    }
    reports.push({ ...report, problems: [...more, ...problems] });
  }
  const nextLog = Math.max(header?.log ?? 0, ...chain.numbers) + 1;
  return { files: reports, table, lastSeq, tableId, nextLog, mayLackChanges };
}

/** Whether a file has any problem. */
function isDamaged({ damage, problems }: FileReport): boolean {
  return damage.length + problems.length > 0;
}

/** The result of `readFile`. */
interface FileSummary {
  readonly report: FileReport;
  readonly header: Header | undefined;
  /** Whether the file ends with a whole record. */
  readonly endsWithRecord: boolean;
}

function readFile(files: Files, name: string, take: (record: LogRecord) => void): FileSummary {
  const damage: DamagedRange[] = [];
  const problems: string[] = [];
  let records = 0;
  let first: number | undefined, last: number | undefined;
  let header: Header | undefined;
  const isCheckpoint = name === CHECKPOINT || findRepairedName([name]) !== undefined;
  let hasEnd = false;
  let endsWithRecord = false;
  using reader = LogReader.open(files, name);
  while (reader.next()) {
    const { offset, end, record } = reader;
    endsWithRecord = record !== undefined;
    if (record === undefined) {
      const before = damage.at(-1);
      const isNext = before !== undefined && before.offset + before.bytes === offset;
      const start = isNext ? before.offset : offset;
      damage.splice(isNext ? -1 : damage.length, 1, {
        offset: start,
        bytes: end - start,
      });
      continue;
    }
    const { seq } = record;
    records++;
    if (seq === 0) {
      header = parseHeader(record);
      continue;
    }
    if (last !== undefined && seq !== last + 1) {
      problems.push(`numbers ${last + 1} to ${seq - 1} are missing at byte ${offset}`);
    }
    first ??= seq;
    last = seq;
    if (isCheckpoint && isEndRecord(record)) hasEnd = true;
    else take(record);
  }
  if (header === undefined) problems.push("its first record is missing");
  if (isCheckpoint && !hasEnd) problems.push("its last record is missing");
  const report = { name, bytes: reader.end, records, first, last, damage, problems };
  return { report, header, endsWithRecord };
}
