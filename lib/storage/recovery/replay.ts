/** Makes the changes of logs once more, one log after another; tells a torn end from damage (I4). */
import type { HashTable } from "../../table/hash_table.ts";
import { applyChange } from "./apply_change.ts";
import { DamageError } from "./damage_error.ts";
import type { Files } from "../folder/folder_files.ts";
import { headerProblem, readHeader } from "../log/file_header.ts";
import { LogReader } from "../log/log_reader.ts";
import { firstChange, provesDamage, type TornTail } from "../log/torn_tail.ts";
import type { LogRecord } from "../log/log_record.ts";

/** Replays logs one after another; stops at a torn end. */
export class Replay {
  /** Number of the last change that is in the table. */
  lastSeq: number;
  replayed = 0;
  /** Of the log that was read last: its whole records. */
  goodBytes = 0;
  goodEntries = 0;
  /** The torn end of the last log. */
  torn: TornTail | undefined;
  /** Whether the log that was read last ends with the last change, or holds none. */
  isAtLast = true;
  readonly #files: Files;
  readonly #table: HashTable;
  readonly #onProgress: (bytes: number) => void;
  /** Bytes of the logs before. */
  #bytesBefore = 0;

  /**
   * @param covers number of the last change that is in the table
   * @param onProgress told now and then how many bytes of logs were read
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
   * @param later logs that were begun after this one
   * @throws {DamageError} where it cannot be trusted
   */
  log(name: string, later: readonly string[]): void {
    if (this.torn) return; // and all later ones hold nothing: that was looked at
    this.goodBytes = 0;
    this.goodEntries = 0;
    this.isAtLast = true;
    let previous: number | undefined;
    using reader = LogReader.open(this.#files, name);
    while (reader.next() || reader.end === 0) {
      const { offset, end, record } = reader;
      if (record === undefined) {
        this.#endAt(name, reader, (previous ?? this.lastSeq) + 1, later);
        return;
      }
      if (offset === 0) {
        const problem = headerProblem(record, "txn");
        if (problem !== undefined) throw this.#damaged(name, offset, problem);
      } else {
        // What the checkpoint covers may stand in a log that a crash did not let go.
        const follows = previous === undefined
          ? record.seq <= this.lastSeq + 1
          : record.seq === previous + 1;
        if (!follows) throw this.#damaged(name, offset, "a change before this one is missing");
        if (record.seq > this.lastSeq) this.#make(record, name, offset);
        previous = record.seq;
        this.isAtLast = previous === this.lastSeq;
        this.goodEntries++;
        if (reader.isProgressDue()) this.#onProgress(this.#bytesBefore + end);
      }
      this.goodBytes = end;
    }
    this.#bytesBefore += this.goodBytes;
  }

  #make(record: LogRecord, name: string, offset: number): void {
    if (!applyChange(this.#table, record)) {
      throw this.#damaged(name, offset, "a record holds no change");
    }
    this.lastSeq = record.seq;
    this.replayed++;
  }

  /**
   * Decides whether a line that does not read is a torn end or damage.
   *
   * @param reader stands on the line
   * @param lost number of the change that the line should hold
   */
  #endAt(name: string, reader: LogReader, lost: number, later: readonly string[]): void {
    const { offset } = reader;
    const next = later.map((one) => firstChange(this.#files, one)).find((seq) => seq !== undefined);
    if (next !== undefined && next <= this.lastSeq + 1) return; // the checkpoint covers what is lost
    if (provesDamage(reader, lost) || later.some((one) => this.#provesDamage(one, lost))) {
      throw this.#damaged(
        name,
        offset,
        `it is damaged (change ${lost} was on disk, since later ones say so)`,
      );
    }
    // Logs behind a torn one were only begun: each has its header and nothing else.
    for (const one of [...(offset === 0 ? [name] : []), ...later]) {
      const { problem } = readHeader(this.#files, one, "txn");
      if (problem !== undefined) throw this.#damaged(one, 0, problem);
    }
    const contentBytes = Math.max(0, reader.contentEnd - offset);
    this.torn = { name, offset, bytes: reader.end - offset, contentBytes };
  }

  #provesDamage(log: string, lost: number): boolean {
    using reader = LogReader.open(this.#files, log);
    return provesDamage(reader, lost);
  }

  #damaged(name: string, offset: number, what: string): DamageError {
    return new DamageError(this.#files, name, offset, what);
  }
}
