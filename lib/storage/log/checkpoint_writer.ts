/** A writer of a checkpoint, slice by slice, under the name of an unfinished one. */
import { areEqual, spanOf } from "../../bytes/span.ts";
import { writeAll } from "../../runtime/write_all.ts";
import { Entry, type HashTable } from "../../table/hash_table.ts";
import { NEW_CHECKPOINT } from "../folder/file_names.ts";
import { statusOf } from "../folder/file_system.ts";
import {
  type Files,
  type FileStatus,
  removeQuietly,
  type WritableFile,
} from "../folder/folder_files.ts";
import { encodeHeader, type Header } from "./file_header.ts";
import { type LogRecord, RecordBuffer } from "./log_record.ts";

/** Bytes that are collected before a write. */
const FLUSH_BYTES = 1_000_000;

/** Slots between two readings of the clock. */
const SLOTS_PER_CLOCK = 16;

/** One checkpoint during its writing. */
export class CheckpointWriter {
  readonly #file: WritableFile;
  readonly #buffer = new RecordBuffer();
  readonly #entry = new Entry();
  #slot = 0;
  #keys = 0;
  #bytes = 0;
  #syncedBytes = 0;

  constructor(files: Files, header: Required<Header>) {
    removeQuietly(files, NEW_CHECKPOINT); // left by an unfinished checkpoint
    this.#file = files.openToWrite(NEW_CHECKPOINT, "create");
    this.#buffer.add(0, 0, encodeHeader("ckpt", header));
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes written since the last sync. */
  get unsyncedBytes(): number {
    return this.#bytes - this.#syncedBytes;
  }

  /**
   * Writes the entries that the next slots hold now.
   *
   * @param untilMs end of the slice, on the clock of `performance.now()`
   * @returns whether all slots are written
   */
  writeSlice(table: HashTable, untilMs: number): boolean {
    while (this.#slot < table.slotsUsed) {
      if (table.read(this.#slot++, this.#entry)) {
        this.#buffer.addEntry(++this.#keys, 0, this.#entry);
      }
      const isFull = this.#buffer.length > FLUSH_BYTES;
      if (isFull) this.#flush();
      const isClockDue = isFull || this.#slot % SLOTS_PER_CLOCK === 0;
      if (isClockDue && performance.now() > untilMs) break;
    }
    this.#flush();
    return this.#slot >= table.slotsUsed;
  }

  /** Writes the last record; it needs a last `sync`. */
  finish(): void {
    this.#buffer.add(this.#keys + 1, 0, encodeEnd(this.#keys));
    this.#flush();
  }

  /** Forces the written bytes to disk. */
  async sync(): Promise<void> {
    const bytes = this.#bytes;
    await this.#file.syncData();
    this.#syncedBytes = bytes;
  }

  /** The status of the file with the length that was written: it differs if another program cut the file. */
  status(): FileStatus {
    return { ...statusOf(this.#file.statSync()), bytes: this.#bytes };
  }

  close(): void {
    this.#file.close();
  }

  #flush(): void {
    writeAll(this.#file, this.#buffer.bytes());
    this.#bytes += this.#buffer.length;
    this.#buffer.clear();
  }
}

/** The start of the JSON of a checkpoint's last record. */
const END = spanOf('{"end":').bytes;

/** Encodes the last record of a checkpoint as JSON. */
export function encodeEnd(keys: number): string {
  return `{"end":${keys}}`;
}

/** Whether a record is the last one of a checkpoint, for any number of keys. */
export function isEndRecord({ bytes, jsonStart, jsonEnd }: LogRecord): boolean {
  const end = Math.min(jsonEnd, jsonStart + END.length);
  return areEqual(bytes, jsonStart, end, END, 0, END.length);
}
