/**
 * Tells a torn end of a log from damage (I4).
 *
 * A crash may leave out any of what was written since the last sync. But each record tells how far the
 * disk was when it was written: where a change is missing that a later record says was on disk, the file
 * was damaged since.
 */
import { type Files, removeQuietly } from "../folder/folder_files.ts";
import { LogReader } from "./log_reader.ts";

/** Bytes that are copied at once. */
const COPY_BYTES = 64 * 1024;

/** What follows the whole records of a log that a crash has cut short. */
export interface TornTail {
  /** Of the log. */
  readonly name: string;
  readonly offset: number;
  /** To the end of the file. */
  readonly bytes: number;
  /** To the last byte that may tell something: a file system fills what was not written. */
  readonly contentBytes: number;
}

/** Number of the first change in a log; undefined where damage comes before it, or there is none. */
export function readFirstSeq(files: Files, name: string): number | undefined {
  using reader = LogReader.open(files, name);
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
export function provesDamage(reader: LogReader, lost: number): boolean {
  do {
    const record = reader.record ?? reader.findHiddenRecord();
    if (record && record.seq > lost && record.seq - record.lag >= lost) return true;
  } while (reader.next());
  return false;
}

/**
 * Copies the content of a torn end to a file of its own, durably.
 *
 * @param copy name of that file
 * @throws if there is no room for it; then nothing of it is left
 */
export function copyTornTail(
  files: Files,
  { name, offset, contentBytes }: TornTail,
  copy: string,
): void {
  const end = offset + contentBytes;
  const from = files.openToRead(name);
  try {
    const to = files.openToWrite(copy, "create"); // a file of that name that is there already stays
    try {
      const buffer = new Uint8Array(COPY_BYTES);
      let at = 0;
      for (let count = from.read(buffer); count !== null && at < end; count = from.read(buffer)) {
        if (at + count > offset) {
          to.write(buffer.subarray(Math.max(0, offset - at), Math.min(count, end - at)));
        }
        at += count;
      }
      to.syncNow();
      files.syncFolderNow();
    } catch (error) {
      removeQuietly(files, copy);
      throw error;
    } finally {
      to.close();
    }
  } finally {
    from.close();
  }
}
