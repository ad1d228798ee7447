/** One transaction log: records go into an open batch, the batch to the system, and then to the disk. */
import { messageOf } from "../../base/errors.ts";
import {
  type Files,
  type FileStatus,
  removeQuietly,
  type WritableFile,
} from "../folder/folder_files.ts";
import { encodeLogHeader, readHeader } from "./file_header.ts";
import { NEW_LOG } from "../folder/file_names.ts";
import { type Change, WriteError } from "./table_change.ts";
import { readFirstSeq } from "./torn_tail.ts";
import { RecordBuffer } from "./log_record.ts";

/** Which log it is. */
export interface LogPlace {
  readonly name: string;
  /** Its number among the logs of the table (`log_chain.ts`). */
  readonly number: number;
}

/** A torn tail that may not be cut off yet. */
export interface UncutTail {
  readonly bytes: number;
  /** Keeps a copy of it, or throws. */
  keep(): void;
}

/** A log that is written to. */
export class LogWriter {
  /** The file's name; it changes if the file is renamed. */
  name: string;
  readonly number: number;
  readonly #file: WritableFile;
  readonly #batch = new RecordBuffer();
  #bytes: number;
  #entries: number;
  #batchEntries = 0;

  /** A torn tail that is still there: no copy of it could be kept at the start. */
  #torn: UncutTail | undefined;

  private constructor(place: LogPlace, file: WritableFile, bytes: number, entries: number) {
    this.name = place.name;
    this.number = place.number;
    this.#file = file;
    this.#bytes = bytes;
    this.#entries = entries;
  }

  /**
   * Begins a log and makes it durable, its name too. It has the name only when the header is on disk, so
   * a log without a whole header is damage. A log of that name that was begun in vain is replaced.
   *
   * @param table identity of the table
   * @throws if another file has the name
   */
  static async create(files: Files, place: LogPlace, table: string): Promise<LogWriter> {
    const { name, number } = place;
    removeQuietly(files, NEW_LOG); // an earlier one that did not come to its end
    const file = files.openToWrite(NEW_LOG, "create");
    try {
      const header = encodeLogHeader({ table, log: number });
      file.write(header);
      await file.sync();
      // Now, since the sync takes its time.
      if (files.find(name) && !isBegun(files, name, table)) {
        throw new Error(`there is another file '${name}'`);
      }
      files.rename(NEW_LOG, name);
      await files.syncFolder();
      return new LogWriter(place, file, header.length, 0);
    } catch (error) {
      file.close();
      removeQuietly(files, NEW_LOG);
      throw error;
    }
  }

  /**
   * Goes on behind what is in a log. What is there may never have reached the disk: it is forced
   * there now.
   *
   * @param bytes of the whole records; what follows is cut off
   * @param torn what follows, if it may not be cut off yet: changes fail until a copy of it is kept
   *   (default: it is cut off now)
   */
  static async resume(
    files: Files,
    place: LogPlace,
    bytes: number,
    entries: number,
    torn?: UncutTail,
  ): Promise<LogWriter> {
    const file = files.openToWrite(place.name, "append");
    try {
      if (!torn) file.truncate(bytes);
      await file.sync();
      await files.syncFolder();
      const log = new LogWriter(place, file, bytes, entries);
      log.#torn = torn;
      return log;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Cuts off a torn tail of which no copy could be kept at the start; nothing if there is none.
   *
   * @throws {WriteError} if there still is no room for the copy
   */
  cutTornTail(): void {
    if (!this.#torn) return;
    try {
      this.#torn.keep();
    } catch (error) {
      throw new WriteError(`no room for a copy of the log's torn tail: ${messageOf(error)}`);
    }
    this.#file.truncate(this.#bytes);
    this.#torn = undefined;
  }

  /** Bytes and changes in the file. */
  get bytes(): number {
    return this.#bytes;
  }
  get entries(): number {
    return this.#entries;
  }

  /** Takes a change into the open batch; its bytes are copied. */
  append(seq: number, lag: number, change: Change): void {
    this.#batch.addChange(seq, lag, change);
    this.#batchEntries++;
  }

  /**
   * Writes the open batch.
   *
   * @throws {WriteError} where that fails: nothing of it is in the file, on the disk neither
   * @throws what the cut threw, where even that failed: then nobody knows what is in the file
   */
  write(): void {
    if (this.#batchEntries === 0) return;
    try {
      if (this.#torn) this.cutTornTail();
      this.#file.write(this.#batch.bytes());
      this.#bytes += this.#batch.length;
      this.#entries += this.#batchEntries;
    } catch (error) {
      if (this.#torn) throw error; // nothing was written
      // A half-written record must not stay, nor a whole one that is told to have failed (I6).
      this.#file.truncate(this.#bytes);
      this.#file.syncNow();
      throw new WriteError(messageOf(error));
    } finally {
      this.drop();
    }
  }

  /** Forgets the open batch. */
  drop(): void {
    this.#batch.clear();
    this.#batchEntries = 0;
  }

  syncNow(): void {
    this.#file.syncNow();
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  /**
   * What the system knows of the file, wherever it is now, with the length that was written, and that of
   * a torn tail that is still there: no program may have cut it.
   */
  status(): FileStatus {
    return { ...this.#file.status(), bytes: this.#bytes + (this.#torn?.bytes ?? 0) };
  }

  close(): void {
    this.#file.close();
  }
}

/** Whether a file is a log of the table that holds no change. */
export function isBegun(files: Files, name: string, table: string): boolean {
  if (files.find(name)?.isFile !== true) return false;
  const { header } = readHeader(files, name, "txn");
  return header?.table === table && readFirstSeq(files, name) === undefined;
}
