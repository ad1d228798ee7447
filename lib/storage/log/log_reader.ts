/** Reads the records of a file one after another, with their places. */
import type { Files, ReadableFile } from "../folder/folder_files.ts";
import { LogRecord, MAX_RECORD_BYTES, readRecord } from "./log_record.ts";

const LF = 10;

/** Bytes that are read at once. */
const CHUNK_BYTES = 256 * 1024;

/** Bytes of records between two reports of progress: a report also checks that the table has memory. */
const PROGRESS_BYTES = 256 * 1024;

/** How a record begins, and most bytes of that. */
const BEGINNING = /[0-9a-f]{8} [0-9a-f]{1,14} [0-9a-f]{1,14} \{/g;
const BEGINNING_BYTES = 40;
const BEGINNING_OF_ANY = /^[0-9a-f]{8} [0-9a-f]{1,14} [0-9a-f]{1,14} /;

/** Bytes that are in no text, and with which file systems and disks fill what was not written. */
const FILL_BYTES: readonly number[] = [0, 255];

/** A line that is longer than this, in bytes, is looked at more closely: what is no record is not kept. */
const MAX_GARBAGE_BYTES = 1_000_000;

/** Beginnings that are tried in a damaged line. */
const MAX_TRIES = 1_000;

const latin1 = new TextDecoder("latin1");

/**
 * Stands on one line of a file after another: before the first one at first. What stands behind the
 * last LF is a line without a record; so is a run of fill bytes, and each part of what is too long.
 */
export class LogReader implements Disposable {
  /** Where the line begins, in bytes from the beginning of the file. */
  offset = 0;
  /** Where the next line begins. */
  end = 0;
  #reportedEnd = 0;
  /** Where the last line ends so far that holds more than fill bytes. */
  contentEnd = 0;
  /** The line's record; undefined where it is no whole one. Good until the next call of `next`. */
  record: LogRecord | undefined;
  readonly #file: ReadableFile;
  readonly #wholeRecord = new LogRecord();
  #buffer = new Uint8Array(CHUNK_BYTES);
  /** How much of the buffer is filled. */
  #filled = 0;
  /** The line, in the buffer; without its LF. */
  #lineStart = 0;
  #lineEnd = 0;
  /** Where the next line begins in the buffer. */
  #next = 0;
  /** Nothing more is read from the file. */
  #isAtEnd = false;

  /** @param file is closed with the reader */
  constructor(file: ReadableFile) {
    this.#file = file;
  }

  /** Opens a file. */
  static open(files: Files, name: string): LogReader {
    return new LogReader(files.openToRead(name));
  }

  /** Goes to the next line; false at the end of the file. */
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

  /** Whether enough was read since the last report of progress; a further one is due after as much. */
  isProgressDue(): boolean {
    if (this.end - this.#reportedEnd < PROGRESS_BYTES) return false;
    this.#reportedEnd = this.end;
    return true;
  }

  /**
   * Looks for a record behind the beginning of a line that is none itself: it stands whole there where
   * only the LF before it is damaged.
   */
  findHiddenRecord(): LogRecord | undefined {
    const text = latin1.decode(this.#buffer.subarray(this.#lineStart, this.#lineEnd)); // one character a byte
    const record = new LogRecord();
    let tries = 0;
    for (const { index } of text.matchAll(BEGINNING)) {
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
   * Sees to it that the next line is in the buffer, and gives where it ends: at an LF, or where no record
   * can go on. So what is no record takes little memory, however long it is.
   */
  #readLine(): number {
    let known = 0; // bytes of the line that hold no LF
    let looked = 0; // bytes of the line that hold no fill byte
    for (;;) {
      const lf = this.#buffer.indexOf(LF, this.#next + known);
      if (lf >= 0 && lf < this.#filled) return lf;
      known = this.#filled - this.#next;
      if (known > MAX_GARBAGE_BYTES) {
        const fill = this.#findFill(this.#next + looked);
        if (fill < this.#filled) return fill;
        looked = known;
        if (known > MAX_RECORD_BYTES) return this.#filled; // no record is as long
        if (!this.#beginsAsRecord()) return this.#findGarbageEnd();
      }
      if (!this.#readMore()) return this.#filled;
    }
  }

  /** Finds the first byte that is in no record; the end of what is in the buffer if there is none. */
  #findFill(from: number): number {
    let first = this.#filled;
    for (const byte of FILL_BYTES) {
      const at = this.#buffer.indexOf(byte, from);
      if (at >= 0 && at < first) first = at;
    }
    return first;
  }

  /** Goes behind all bytes that are the same as the next one, if it is in no record; gives their number. */
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

  /** Where a run of one byte ends in the buffer; four at a time, since there may be gigabytes. */
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

  /** Whether the next line begins as a record does. */
  #beginsAsRecord(): boolean {
    const text = latin1.decode(this.#buffer.subarray(this.#next, this.#next + BEGINNING_BYTES));
    return text.search(BEGINNING_OF_ANY) === 0;
  }

  /** Where a part of a line ends that is no record: before what may be the beginning of one. */
  #findGarbageEnd(): number {
    const text = latin1.decode(this.#buffer.subarray(this.#next, this.#filled));
    const beginning = text.search(BEGINNING);
    return beginning < 0 ? this.#filled - BEGINNING_BYTES : this.#next + beginning;
  }

  /** Reads some bytes behind those of the next line, which goes to the buffer's beginning. */
  #readMore(): boolean {
    const line = this.#buffer.subarray(this.#next, this.#filled);
    if (line.length > this.#buffer.length / 2) {
      this.#buffer = new Uint8Array(this.#buffer.length * 2);
      this.#buffer.set(line);
    } else this.#buffer.copyWithin(0, this.#next, this.#filled);
    this.#filled = line.length;
    this.#next = 0;
    const count = this.#file.read(this.#buffer.subarray(this.#filled));
    if (count === null) this.#isAtEnd = true;
    else this.#filled += count;
    return !this.#isAtEnd;
  }
}
