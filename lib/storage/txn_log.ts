/** One transaction log: records go into an open batch, the batch to the system, and then to the disk. */
import type { Files, WritableFile } from "./files.ts";
import { type Change, WriteError } from "./storage.ts";
import { FORMAT_VERSION, RecordBuffer } from "./txn_record.ts";
import { messageOf } from "../base/errors.ts";

/** A log that is written to. */
export class TxnLog {
  readonly name: string;
  readonly #file: WritableFile;
  readonly #batch = new RecordBuffer();
  #bytes: number;
  #entries: number;
  #batchEntries = 0;
  /** Set while the file may hold a part of a batch that was not taken whole. */
  #needsCut = false;

  private constructor(name: string, file: WritableFile, bytes: number, entries: number) {
    this.name = name;
    this.#file = file;
    this.#bytes = bytes;
    this.#entries = entries;
  }

  /** Begins a log and makes it durable, its name too. */
  static async create(files: Files, name: string): Promise<TxnLog> {
    const file = files.openToWrite(name, "create");
    try {
      const header = new RecordBuffer();
      header.add(0, 0, JSON.stringify({ htserver: "txn", version: FORMAT_VERSION }));
      file.write(header.bytes());
      await file.sync();
      await files.syncFolder();
      return new TxnLog(name, file, header.length, 0);
    } catch (error) {
      file.close();
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

  /** Takes a change into the open batch. */
  append(seq: number, lag: number, change: Change): void {
    this.#batch.add(seq, lag, changeJson(change));
    this.#batchEntries++;
  }

  /** Writes the open batch. @throws {WriteError} where that fails; the batch is then forgotten */
  write(): void {
    if (this.#batchEntries === 0) return;
    try {
      if (this.#needsCut) this.#file.truncate(this.#bytes);
      this.#needsCut = true;
      this.#file.write(this.#batch.bytes());
      this.#needsCut = false;
      this.#bytes += this.#batch.length;
      this.#entries += this.#batchEntries;
    } catch (error) {
      this.#cut();
      throw new WriteError(messageOf(error));
    } finally {
      this.#batch.clear();
      this.#batchEntries = 0;
    }
  }

  syncNow(): void {
    this.#file.syncNow();
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }

  /** A half-written record must not stay: what is written later would stand behind it (I6). */
  #cut(): void {
    try {
      this.#file.truncate(this.#bytes);
      this.#needsCut = false;
    } catch {
      // Tried again before the next write.
    }
  }
}

/** A change as the request that did it. */
export function changeJson(change: Change): string {
  const key = JSON.stringify(change.key);
  return change.method === "insert"
    ? `{"method":"insert","key":${key},"value":${change.value}}`
    : `{"method":"remove","key":${key}}`;
}
