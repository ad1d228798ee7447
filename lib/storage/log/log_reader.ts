/** A reader of the records of a log or checkpoint, line by line, which continues behind damage. */
import type { Files, ReadableFile } from "../folder/folder_files.ts";
import { LogRecord, MAX_RECORD_BYTES, readRecord } from "./log_record.ts";

const LF = 10;

/** Size of one read, in bytes. */
const CHUNK_BYTES = 256 * 1024;

/** Bytes between two progress reports; each report also checks that the table fits into memory. */
const PROGRESS_BYTES = 256 * 1024;

/** The start of a record, and its maximum size in bytes. */
const RECORD_START = /[0-9a-f]{8} [0-9a-f]{1,14} [0-9a-f]{1,14} \{/g;
const RECORD_START_BYTES = 40;
const RECORD_START_ONLY = /^[0-9a-f]{8} [0-9a-f]{1,14} [0-9a-f]{1,14} /;

/** Bytes with which file systems and disks fill space that was not written; no text contains them. */
const FILL_BYTES: readonly number[] = [0, 255];

/** Size in bytes from which a line is read in parts if it does not start as a record does. */
const MAX_GARBAGE_BYTES = 1_000_000;

/** Starts of records that are tried in a damaged line. */
const MAX_TRIES = 1_000;

const latin1 = new TextDecoder("latin1");

/**
 * A cursor over the lines of a file, which starts before the first one. Lines without a record are also
 * the bytes behind the last LF, a run of fill bytes, and each part of a line that is too long.
 */
export class LogReader implements Disposable {
  /** Offset of the line in the file, in bytes. */
  offset = 0;
  /** Offset of the next line. */
  end = 0;
  #reportedEnd = 0;
  /** End of the last line so far that holds more than fill bytes. */
  contentEnd = 0;
  /** The record of the line; undefined if it has no whole one. Valid until the next call of `next`. */
  record: LogRecord | undefined;
  readonly #file: ReadableFile;
  readonly #wholeRecord = new LogRecord();
  #buffer = new Uint8Array(CHUNK_BYTES);
  /** Bytes in the buffer. */
  #filled = 0;
  /** The line in the buffer, without its LF. */
  #lineStart = 0;
  #lineEnd = 0;
  /** Start of the next line in the buffer. */
  #next = 0;
  /** Whether the whole file is in the buffer or was read before. */
  #isAtEnd = false;

  /** @param file is closed with the reader */
  constructor(file: ReadableFile) {
    this.#file = file;
  }

  /** Opens a file. */
  static open(files: Files, name: string): LogReader {
    return new LogReader(files.openToRead(name));
  }

  /** Moves to the next line; false at the end of the file. */
  next(): boolean {
    this.offset = this.end;
    this.#lineEnd = this.#readLine();
    const hasLf = this.#lineEnd < this.#filled && this.#buffer[this.#lineEnd] === LF;
    this.end += this.#lineEnd - this.#next + (hasLf ? 1 : 0);
    this.#lineStart = this.#next;
    this.#next = this.#lineEnd + (hasLf ? 1 : 0);
    if (this.end === this.offset) this.end += this.#skipFill();
    else this.contentEnd = this.end;
    const isRecord = hasLf &&
      readRecord(this.#buffer, this.#lineStart, this.#lineEnd, this.#wholeRecord);
    this.record = isRecord ? this.#wholeRecord : undefined;
    return this.end > this.offset;
  }

  /** Whether a progress report is due; then the caller makes one. */
  isProgressDue(): boolean {
    if (this.end - this.#reportedEnd < PROGRESS_BYTES) return false;
    this.#reportedEnd = this.end;
    return true;
  }

  /**
   * Finds a record in a line that is no record itself. If only the LF before a record is damaged, the
   * record is whole within the line.
   */
  findHiddenRecord(): LogRecord | undefined {
    const text = latin1.decode(this.#buffer.subarray(this.#lineStart, this.#lineEnd)); // one character a byte
    const record = new LogRecord();
    let tries = 0;
    for (const { index } of text.matchAll(RECORD_START)) {
      if (index === 0) continue;
      if (tries++ === MAX_TRIES) break;
      if (readRecord(this.#buffer, this.#lineStart + index, this.#lineEnd, record)) return record;
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  /**
   * Reads until the next line is in the buffer. A line ends at an LF, or where no record can continue: so
   * garbage takes little memory, however long it is.
   *
   * @returns the end of the line in the buffer
   */
  #readLine(): number {
    let known = 0; // bytes of the line that hold no LF
    let checked = 0; // bytes of the line that hold no fill byte
    for (;;) {
      const lf = this.#buffer.indexOf(LF, this.#next + known);
      if (lf >= 0 && lf < this.#filled) return lf;
      known = this.#filled - this.#next;
      if (known > MAX_GARBAGE_BYTES) {
        const fill = this.#findFill(this.#next + checked);
        if (fill < this.#filled) return fill;
        checked = known;
        if (known > MAX_RECORD_BYTES) return this.#filled; // longer than any record
        if (!this.#startsAsRecord()) return this.#findGarbageEnd();
      }
      if (!this.#readMore()) return this.#filled;
    }
  }

  /** Finds the first fill byte, or else the end of the buffer. */
  #findFill(from: number): number {
    let first = this.#filled;
    for (const byte of FILL_BYTES) {
      const at = this.#buffer.indexOf(byte, from);
      if (at >= 0 && at < first) first = at;
    }
    return first;
  }

  /** Skips a run of equal fill bytes and counts them. */
  #skipFill(): number {
    const byte = this.#buffer[this.#next] ?? 0;
    if (this.#next === this.#filled || !FILL_BYTES.includes(byte)) return 0;
    let skipped = 0;
    do {
      const start = this.#next;
      this.#next = this.#findRunEnd(byte, start);
      skipped += this.#next - start;
    } while (this.#next === this.#filled && this.#readMore());
    this.#lineStart = this.#lineEnd = this.#next;
    return skipped;
  }

  /** Finds the end of a run of one byte; it compares four at a time, because a run may have gigabytes. */
  #findRunEnd(byte: number, start: number): number {
    const bytes = this.#buffer, end = this.#filled;
    const words = new Uint32Array(bytes.buffer, 0, bytes.length / 4);
    const word = (byte * 0x01010101) >>> 0;
    let at = start;
    while (at < end && at % 4 !== 0 && bytes[at] === byte) at++;
    if (at % 4 === 0) { while (at + 4 <= end && words[at / 4] === word) at += 4; }
    while (at < end && bytes[at] === byte) at++;
    return at;
  }

  /** Whether the next line starts as a record does. */
  #startsAsRecord(): boolean {
    const text = latin1.decode(this.#buffer.subarray(this.#next, this.#next + RECORD_START_BYTES));
    return text.search(RECORD_START_ONLY) === 0;
  }

  /** Finds the end of a part of garbage: before the possible start of a record. */
  #findGarbageEnd(): number {
    const text = latin1.decode(this.#buffer.subarray(this.#next, this.#filled));
    const start = text.search(RECORD_START);
    return start < 0 ? this.#filled - RECORD_START_BYTES : this.#next + start;
  }

  /** Moves the next line to the start of the buffer and reads more bytes behind it. */
  #readMore(): boolean {
    const line = this.#buffer.subarray(this.#next, this.#filled);
    if (line.length > this.#buffer.length / 2) {
      this.#buffer = new Uint8Array(this.#buffer.length * 2);
      this.#buffer.set(line);
    } else this.#buffer.copyWithin(0, this.#next, this.#filled);
    this.#filled = line.length;
    this.#next = 0;
    const count = this.#file.readSync(this.#buffer.subarray(this.#filled));
    if (count === null) this.#isAtEnd = true;
    else this.#filled += count;
    return !this.#isAtEnd;
  }
}
