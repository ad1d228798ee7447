/** A writer of one log: changes go to the open batch, then to the operating system, then to the disk. */
import { messageOf } from "../../base/errors.ts";
import { writeAll } from "../../runtime/write_all.ts";
import { statusOf } from "../folder/file_system.ts";
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

/** Name and number of a log. */
interface LogPlace {
  readonly name: string;
  /** Number of the log in the chain (`log_chain.ts`). */
  readonly number: number;
}

/** A torn tail that must be copied before it is cut off. */
export interface PendingCut {
  readonly bytes: number;
  /** Saves a copy of the torn tail, or throws. */
  saveCopy(): void;
}

/** The writer of one log. */
export class LogWriter {
  /** The file's name; it changes if the file is renamed. */
  name: string;
  readonly number: number;
  readonly #file: WritableFile;
  readonly #batch = new RecordBuffer();
  #bytes: number;
  #entries: number;
  #batchEntries = 0;

  /** The torn tail, if the start could not copy it. */
  #pendingCut: PendingCut | undefined;

  private constructor(place: LogPlace, file: WritableFile, bytes: number, entries: number) {
    this.name = place.name;
    this.number = place.number;
    this.#file = file;
    this.#bytes = bytes;
    this.#entries = entries;
  }

  /**
   * Creates a log, durably. The log gets its name when its header is on disk, so a log without a whole
   * header is damaged. An empty log of that name is replaced.
   *
   * @param table identity of the table
   * @throws if another file has the name
   */
  static async create(files: Files, place: LogPlace, table: string): Promise<LogWriter> {
    const { name, number } = place;
    removeQuietly(files, NEW_LOG); // left by a failed attempt
    const file = files.openToWrite(NEW_LOG, "create");
    try {
      const header = encodeLogHeader({ table, log: number });
      writeAll(file, header);
      await file.syncData();
      // Checked after the sync, which takes long.
      if (files.find(name) && !isEmptyLog(files, name, table)) {
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
   * Opens an existing log for more changes. Its bytes may never have reached the disk, so they are synced.
   *
   * @param bytes bytes of the whole records
   * @param entries changes in them
   * @param pendingCut a torn tail that must stay until it is copied; changes fail until then (default:
   *   the bytes behind the whole records are cut off now)
   */
  static async resume(
    files: Files,
    place: LogPlace,
    bytes: number,
    entries: number,
    pendingCut?: PendingCut,
  ): Promise<LogWriter> {
    const file = files.openToWrite(place.name, "append");
    try {
      if (!pendingCut) file.truncateSync(bytes);
      await file.syncData();
      await files.syncFolder();
      const log = new LogWriter(place, file, bytes, entries);
      log.#pendingCut = pendingCut;
      return log;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Copies and cuts off the torn tail, if the start could not copy it.
   *
   * @throws {WriteError} if there still is no room for the copy
   */
  cutTornTail(): void {
    if (!this.#pendingCut) return;
    try {
      this.#pendingCut.saveCopy();
    } catch (error) {
      throw new WriteError(`no room for a copy of the log's torn tail: ${messageOf(error)}`);
    }
    this.#file.truncateSync(this.#bytes);
    this.#pendingCut = undefined;
  }

  /** Bytes and changes in the file. */
  get bytes(): number {
    return this.#bytes;
  }
  get entries(): number {
    return this.#entries;
  }

  /** Adds a change to the open batch; its bytes are copied. */
  append(seq: number, lag: number, change: Change): void {
    this.#batch.addChange(seq, lag, change);
    this.#batchEntries++;
  }

  /**
   * Writes the open batch.
   *
   * @throws {WriteError} if that fails: then no part of the batch is in the file, nor on disk
   * @throws any other error if the cut fails as well: then the content of the file is unknown
   */
  write(): void {
    if (this.#batchEntries === 0) return;
    try {
      if (this.#pendingCut) this.cutTornTail();
      writeAll(this.#file, this.#batch.bytes());
      this.#bytes += this.#batch.length;
      this.#entries += this.#batchEntries;
    } catch (error) {
      if (this.#pendingCut) throw error; // no part was written
      // Neither a part of a record may stay, nor a whole one that was reported as failed (I6).
      this.#file.truncateSync(this.#bytes);
      this.#file.syncDataSync();
      throw new WriteError(messageOf(error));
    } finally {
      this.drop();
    }
  }

  /** Drops the open batch. */
  drop(): void {
    this.#batch.clear();
    this.#batchEntries = 0;
  }

  syncNow(): void {
    this.#file.syncDataSync();
  }

  sync(): Promise<void> {
    return this.#file.syncData();
  }

  /**
   * The status of the file, under any name, with the length that was written. The length differs if another
   * program cut the file. A torn tail counts until it is cut off.
   */
  status(): FileStatus {
    return {
      ...statusOf(this.#file.statSync()),
      bytes: this.#bytes + (this.#pendingCut?.bytes ?? 0),
    };
  }

  close(): void {
    this.#file.close();
  }
}

/** Whether a file is a log of the table without any change. */
export function isEmptyLog(files: Files, name: string, table: string): boolean {
  if (files.find(name)?.isFile !== true) return false;
  const { header } = readHeader(files, name, "txn");
  return header?.table === table && readFirstSeq(files, name) === undefined;
}
