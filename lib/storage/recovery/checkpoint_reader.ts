/** A reader of checkpoints. Every record of a checkpoint must be whole (I4). */
import { textAt } from "../../bytes/span.ts";
import type { HashTable } from "../../table/hash_table.ts";
import { applyChange } from "./apply_change.ts";
import { encodeEnd, isEndRecord } from "../log/checkpoint_writer.ts";
import { DamageError } from "./damage_error.ts";
import type { Files } from "../folder/folder_files.ts";
import { findHeaderProblem, type Header, parseHeader } from "../log/file_header.ts";
import { LogReader } from "../log/log_reader.ts";
import type { LogRecord } from "../log/log_record.ts";

/** The result of reading a checkpoint. */
export interface Checkpoint {
  readonly header: Header;
  readonly keys: number;
  /** Size of the file, in bytes. */
  readonly bytes: number;
}

/**
 * Loads a checkpoint into a table.
 *
 * @param name name of the file
 * @param table an empty table
 * @param onProgress called from time to time with the bytes read so far
 * @throws {DamageError} if any part of the file is damaged
 */
export function loadCheckpoint(
  files: Files,
  name: string,
  table: HashTable,
  onProgress: (bytes: number) => void,
): Checkpoint {
  const damaged = (offset: number, what: string) => new DamageError(files, name, offset, what);
  using reader = LogReader.open(files, name);
  let expected = 0;
  let header: Header = {};
  let hasEnd = false;
  while (reader.next()) {
    const { offset, end, record } = reader;
    if (hasEnd) throw damaged(offset, "bytes follow its last record");
    if (record === undefined) throw damaged(offset, "it is damaged");
    if (record.seq !== expected) throw damaged(offset, "a record is missing");
    if (expected === 0) {
      const problem = findHeaderProblem(record, "ckpt");
      if (problem !== undefined) throw damaged(offset, problem);
      header = parseHeader(record);
    } else if (isEndRecordFor(record, expected - 1)) hasEnd = true;
    else if (!applyChange(table, record)) throw damaged(offset, "a record holds no change");
    if (reader.isProgressDue()) onProgress(end);
    expected++;
  }
  if (!hasEnd) throw damaged(files.size(name), "its last record is missing");
  return { header, keys: expected - 2, bytes: reader.end };
}

/** Whether a record is the last one of a checkpoint with this number of keys. */
function isEndRecordFor(record: LogRecord, keys: number): boolean {
  return isEndRecord(record) &&
    textAt(record.bytes, record.jsonStart, record.jsonEnd) === encodeEnd(keys);
}
