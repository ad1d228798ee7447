/** Writes a checkpoint, slice by slice, under the name of one that is not finished. */
import type { HashTable } from "../table/hash_table.ts";
import { NEW_CHECKPOINT } from "./data_folder.ts";
import type { Files, WritableFile } from "./files.ts";
import { changeJson } from "./txn_log.ts";
import { FORMAT_VERSION, RecordBuffer } from "./txn_record.ts";

/** Bytes that are collected before they are written. */
const FLUSH_BYTES = 1_000_000;

/** How many keys pass between two looks at the clock. */
const KEYS_PER_CLOCK = 16;

/** A checkpoint that is being written. */
export class CheckpointWriter {
  readonly #file: WritableFile;
  readonly #buffer = new RecordBuffer();
  #slot = 0;
  #keys = 0;
  #bytes = 0;
  #syncedBytes = 0;

  /** @param covers number of the last change that it holds for certain */
  constructor(files: Files, covers: number) {
    this.#file = files.openToWrite(NEW_CHECKPOINT, "create");
    this.#buffer.add(0, 0, JSON.stringify({ htserver: "ckpt", version: FORMAT_VERSION, covers }));
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
   * Writes what the next slots hold now.
   *
   * @param untilMs of `performance.now()`, when to stop
   * @returns whether all slots are through
   */
  writeSlice(table: HashTable, untilMs: number): boolean {
    for (; this.#slot < table.slotsUsed; this.#slot++) {
      const key = table.keyAt(this.#slot);
      if (key === undefined) continue;
      const value = table.valueAt(this.#slot) ?? "";
      this.#buffer.add(++this.#keys, 0, changeJson({ method: "insert", key, value }));
      if (this.#buffer.length > FLUSH_BYTES) this.#flush();
      if (this.#keys % KEYS_PER_CLOCK === 0 && performance.now() > untilMs) {
        this.#slot++;
        break;
      }
    }
    this.#flush();
    return this.#slot >= table.slotsUsed;
  }

  /** Writes the last record; then all is to be synced once more. */
  finish(): void {
    this.#buffer.add(this.#keys + 1, 0, `{"end":${this.#keys}}`);
    this.#flush();
  }

  /** Forces to disk what is written. */
  async sync(): Promise<void> {
    const bytes = this.#bytes;
    await this.#file.sync();
    this.#syncedBytes = bytes;
  }

  close(): void {
    this.#file.close();
  }

  #flush(): void {
    this.#file.write(this.#buffer.bytes());
    this.#bytes += this.#buffer.length;
    this.#buffer.clear();
  }
}
