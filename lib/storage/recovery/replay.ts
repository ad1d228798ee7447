/** The replay of logs after a checkpoint; it distinguishes a torn tail from damage (I4). */
import type { HashTable } from "../../table/hash_table.ts";
import { applyChange } from "./apply_change.ts";
import { DamageError } from "./damage_error.ts";
import type { Files } from "../folder/folder_files.ts";
import { findHeaderProblem, readHeader } from "../log/file_header.ts";
import { LogReader } from "../log/log_reader.ts";
import { provesDamage, readFirstSeq, type TornTail } from "../log/torn_tail.ts";
import type { LogRecord } from "../log/log_record.ts";

/** Applies the changes of logs, one log after another, up to a torn tail. */
export class Replay {
  /** Number of the last change in the table. */
  lastSeq: number;
  replayed = 0;
  /** Bytes and changes in the whole records of the last log. */
  validBytes = 0;
  validEntries = 0;
  /** The torn tail of the last log. */
  tornTail: TornTail | undefined;
  /** Whether the last log ends with the last change in the table, or holds no change. */
  endsAtLastChange = true;
  readonly #files: Files;
  readonly #table: HashTable;
  readonly #onProgress: (bytes: number) => void;
  /** Bytes of earlier logs. */
  #bytesBefore = 0;

  /**
   * @param covers number of the last change in the table
   * @param onProgress called from time to time with the bytes of logs read so far
   */
  constructor(
    files: Files,
    table: HashTable,
    covers: number,
    onProgress: (bytes: number) => void,
  ) {
    this.#files = files;
    this.#table = table;
    this.lastSeq = covers;
    this.#onProgress = onProgress;
  }

  /**
   * Replays one log.
   *
   * @param later names of the logs after this one
   * @throws {DamageError} if it is damaged
   */
  replayLog(name: string, later: readonly string[]): void {
    if (this.tornTail) return; // logs behind a torn tail are empty: #handleInvalidLine checks that
    this.validBytes = 0;
    this.validEntries = 0;
    this.endsAtLastChange = true;
    let previous: number | undefined;
    using reader = LogReader.open(this.#files, name);
    while (reader.next() || reader.end === 0) {
      const { offset, end, record } = reader;
      if (record === undefined) {
        this.#handleInvalidLine(name, reader, (previous ?? this.lastSeq) + 1, later);
        return;
      }
      if (offset === 0) {
        const problem = findHeaderProblem(record, "txn");
        if (problem !== undefined) throw this.#makeError(name, offset, problem);
      } else {
        // After a crash, an old log may hold changes that the checkpoint also holds.
        const follows = previous === undefined
          ? record.seq <= this.lastSeq + 1
          : record.seq === previous + 1;
        if (!follows) throw this.#makeError(name, offset, "a change before this one is missing");
        if (record.seq > this.lastSeq) this.#apply(record, name, offset);
        previous = record.seq;
        this.endsAtLastChange = previous === this.lastSeq;
        this.validEntries++;
        if (reader.isProgressDue()) this.#onProgress(this.#bytesBefore + end);
      }
      this.validBytes = end;
    }
    this.#bytesBefore += this.validBytes;
  }

  #apply(record: LogRecord, name: string, offset: number): void {
    if (!applyChange(this.#table, record)) {
      throw this.#makeError(name, offset, "a record holds no change");
    }
    this.lastSeq = record.seq;
    this.replayed++;
  }

  /**
   * Decides whether an invalid line starts a torn tail or is damage.
   *
   * @param reader its current line is the invalid one
   * @param lost number of the change that the line should hold
   */
  #handleInvalidLine(
    name: string,
    reader: LogReader,
    lost: number,
    later: readonly string[],
  ): void {
    const { offset } = reader;
    const next = later.map((one) => readFirstSeq(this.#files, one)).find((seq) =>
      seq !== undefined
    );
    if (next !== undefined && next <= this.lastSeq + 1) return; // the checkpoint has the lost changes
    if (provesDamage(reader, lost) || later.some((one) => this.#logProvesDamage(one, lost))) {
      throw this.#makeError(
        name,
        offset,
        `it is damaged (change ${lost} was on disk, as a later record proves)`,
      );
    }
    // Logs behind a torn one hold only a header.
    for (const one of [...(offset === 0 ? [name] : []), ...later]) {
      const { problem } = readHeader(this.#files, one, "txn");
      if (problem !== undefined) throw this.#makeError(one, 0, problem);
    }
    const contentBytes = Math.max(0, reader.contentEnd - offset);
    this.tornTail = { name, offset, bytes: reader.end - offset, contentBytes };
  }

  #logProvesDamage(log: string, lost: number): boolean {
    using reader = LogReader.open(this.#files, log);
    return provesDamage(reader, lost);
  }

  #makeError(name: string, offset: number, what: string): DamageError {
    return new DamageError(this.#files, name, offset, what);
  }
}
