/**
 * Tells a torn end of a log from damage (I4).
 *
 * A crash may leave out any of what was written since the last sync. But each record tells how far the
 * disk was when it was written: where a change is missing that a later record says was on disk, the file
 * was damaged since.
 */
import { tornName } from "./data_folder.ts";
import type { Files } from "./files.ts";
import { logHeader } from "./header.ts";
import { RecordReader } from "./record_reader.ts";
import { newTableId } from "./table_id.ts";

/**
 * Whether a file is what a crash may leave of a log that was just begun: its header as far as it came,
 * with zeros in place of what did not.
 */
export function isTornHeader(files: Files, name: string): boolean {
  const tableId = newTableId();
  const header = logHeader(tableId);
  // What differs from table to table: the checksum and the identity.
  const idStart = new TextDecoder().decode(header).indexOf(tableId);
  const isVariable = (at: number) => at < 8 || (at >= idStart && at < idStart + tableId.length);
  if (files.size(name) > header.length) return false;
  const file = files.openToRead(name);
  try {
    const bytes = new Uint8Array(header.length + 1);
    for (let at = 0, count = file.read(bytes); count !== null; count = file.read(bytes)) {
      for (let here = 0; here < count; here++, at++) {
        if (bytes[here] !== 0 && bytes[here] !== header[at] && !isVariable(at)) return false;
      }
    }
    return true;
  } finally {
    file.close();
  }
}

/** Number of the first change in a log; undefined where damage comes before it, or there is none. */
export function firstChange(files: Files, name: string): number | undefined {
  using reader = RecordReader.open(files, name);
  while (reader.next()) {
    if (reader.record === undefined) return undefined;
    if (reader.record.seq > 0) return reader.record.seq;
  }
  return undefined;
}

/**
 * Whether a change was on disk once: a later record was written when it was.
 *
 * @param reader looked through from its line on
 * @param lost number of the change
 */
export function provesDamage(reader: RecordReader, lost: number): boolean {
  do {
    const record = reader.record ?? reader.hidden();
    if (record && record.seq > lost && record.seq - record.lag >= lost) return true;
  } while (reader.next());
  return false;
}

/** Copies what follows the whole records of a log to a file of its own, and gives its name. */
export async function keepTornEnd(files: Files, name: string, offset: number): Promise<string> {
  const kept = tornName(await files.list());
  const from = files.openToRead(name);
  const to = files.openToWrite(kept, "create");
  try {
    const buffer = new Uint8Array(64 * 1024);
    let at = 0;
    for (let count = from.read(buffer); count !== null; count = from.read(buffer)) {
      if (at + count > offset) to.write(buffer.subarray(Math.max(0, offset - at), count));
      at += count;
    }
    to.syncNow();
  } finally {
    from.close();
    to.close();
  }
  return kept;
}
