/**
 * Tells a torn end of a log from damage (I4).
 *
 * A crash may leave out any of what was written since the last sync. But each record tells how far the
 * disk was when it was written: where a change is missing that a later record says was on disk, the file
 * was damaged since.
 */
import type { Files } from "./files.ts";
import { readRecords, type RecordLine } from "./record_reader.ts";
import { logHeader } from "./txn_log.ts";
import type { TxnRecord } from "./txn_record.ts";

/**
 * Whether a file is what a crash may leave of a log that was just begun: its header as far as it came,
 * with zeros in place of what did not.
 */
export function isTornHeader(files: Files, name: string): boolean {
  const header = logHeader();
  if (files.size(name) > header.length) return false;
  const file = files.openToRead(name);
  try {
    const bytes = new Uint8Array(header.length + 1);
    for (let at = 0, count = file.read(bytes); count !== null; count = file.read(bytes)) {
      for (let here = 0; here < count; here++, at++) {
        if (bytes[here] !== 0 && bytes[here] !== header[at]) return false;
      }
    }
    return true;
  } finally {
    file.close();
  }
}

/** Number of the first change in a log. */
export function firstChange(files: Files, name: string): number | undefined {
  for (const { record } of readRecords(files.openToRead(name))) {
    if (record === undefined) return undefined;
    if (record.seq > 0) return record.seq;
  }
  return undefined;
}

/** Whether a change was on disk once: a later record was written when it was. */
export function provesDamage(lines: Iterable<RecordLine>, lost: number): boolean {
  let isProven = false;
  for (const { record, hidden } of lines) {
    if (isLaterThan(record ?? hidden, lost)) isProven = true;
  }
  return isProven;
}

/** Whether a record was written when a change was on disk. */
export function isLaterThan(record: TxnRecord | undefined, lost: number): boolean {
  return record !== undefined && record.seq > lost && record.seq - record.lag >= lost;
}
