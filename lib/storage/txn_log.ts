/** One transaction log: records go into an open batch, the batch to the system, and then to the disk. */
import { messageOf } from "../base/errors.ts";
import { type Files, type FileStatus, removeQuietly, type WritableFile } from "./files.ts";
import { logHeader } from "./header.ts";
import { type Change, WriteError } from "./storage.ts";
import { RecordBuffer } from "./txn_record.ts";

/** A log that is written to. */
export class TxnLog {
  /** The file's name; it changes if the file is renamed. */
  name: string;
  readonly #file: WritableFile;
  readonly #batch = new RecordBuffer();
  #bytes: number;
  #entries: number;
  #batchEntries = 0;

  private constructor(name: string, file: WritableFile, bytes: number, entries: number) {
    this.name = name;
    this.#file = file;
    this.#bytes = bytes;
    this.#entries = entries;
  }

  /**
   * Begins a log and makes it durable, its name too.
   *
   * @param table identity of the table
   */
  static async create(files: Files, name: string, table: string): Promise<TxnLog> {
    const file = files.openToWrite(name, "create");
    try {
      const header = logHeader(table);
      file.write(header);
      await file.sync();
      await files.syncFolder();
      return new TxnLog(name, file, header.length, 0);
    } catch (error) {
      file.close();
      removeQuietly(files, name);
      throw error;
    }
  }

  /**
   * Goes on behind what is in a log. What is there may never have reached the disk: it is forced
   * there now.
   *
   * @param bytes of the whole records; what follows is cut off
   */
  static async resume(files: Files, name: string, bytes: number, entries: number): Promise<TxnLog> {
    const file = files.openToWrite(name, "append");
    try {
      file.truncate(bytes);
      await file.sync();
      await files.syncFolder();
      return new TxnLog(name, file, bytes, entries);
    } catch (error) {
      file.close();
      throw error;
    }
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
      this.#file.write(this.#batch.bytes());
      this.#bytes += this.#batch.length;
      this.#entries += this.#batchEntries;
    } catch (error) {
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

  /** What the system knows of the file, wherever it is now. */
  status(): FileStatus {
    return this.#file.status();
  }

  close(): void {
    this.#file.close();
  }
}
