/**
 * The torn tail of a log, and its difference from damage (I4).
 *
 * After a crash, any part of the writes since the last sync may be missing. But each record holds the last
 * change that was on disk when the record was written. If a later record proves that a missing change was
 * on disk, the file was damaged after that.
 */
import { writeAll } from "../../runtime/write_all.ts";
import { type Files, removeQuietly } from "../folder/folder_files.ts";
import { LogReader } from "./log_reader.ts";

/** Size of one copied block, in bytes. */
const COPY_BYTES = 64 * 1024;

/** The bytes behind the whole records of a log, which a crash has left. */
export interface TornTail {
  /** Name of the log. */
  readonly name: string;
  readonly offset: number;
  /** Bytes up to the end of the file. */
  readonly bytes: number;
  /** Bytes up to the last one that is no fill byte. */
  readonly contentBytes: number;
}

/** Reads the number of the first change in a log; undefined if damage or the end of the log comes first. */
export function readFirstSeq(files: Files, name: string): number | undefined {
  using reader = LogReader.open(files, name);
  while (reader.next()) {
    if (reader.record === undefined) return undefined;
    if (reader.record.seq > 0) return reader.record.seq;
  }
  return undefined;
}

/**
 * Whether a later record proves that a change was on disk.
 *
 * @param reader searched from its current line
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
 * Copies the content of a torn tail to its own file, durably.
 *
 * @param copy name of that file
 * @throws if the disk has no room for it; then no part of the copy is left
 */
export function copyTornTail(
  files: Files,
  { name, offset, contentBytes }: TornTail,
  copy: string,
): void {
  const end = offset + contentBytes;
  const from = files.openToRead(name);
  try {
    const to = files.openToWrite(copy, "create"); // an existing file of that name stays
    try {
      const buffer = new Uint8Array(COPY_BYTES);
      let at = 0;
      for (
        let count = from.readSync(buffer);
        count !== null && at < end;
        count = from.readSync(buffer)
      ) {
        if (at + count > offset) {
          writeAll(to, buffer.subarray(Math.max(0, offset - at), Math.min(count, end - at)));
        }
        at += count;
      }
      to.syncDataSync();
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
