/** Reads the records of a file one after another, with their places. */
import type { Files, ReadableFile } from "./files.ts";
import { MAX_RECORD_BYTES, readRecord, TxnRecord } from "./txn_record.ts";

const LF = 10;

/** Bytes that are read at once. */
const CHUNK_BYTES = 256 * 1024;

/** Who reads a file of many records reports its progress after so many. */
export const RECORDS_PER_PROGRESS = 10_000;

/** How a record begins. */
const BEGINNING = /[0-9a-f]{8} [0-9a-f]+ [0-9a-f]+ \{/g;

/** Beginnings that are tried in a damaged line. */
const MAX_TRIES = 1_000;

const latin1 = new TextDecoder("latin1");

/**
 * Stands on one line of a file after another: before the first one at first. What stands behind the
 * last LF is a line without a record.
 */
export class RecordReader implements Disposable {
  /** Where the line begins, in bytes from the beginning of the file. */
  offset = 0;
  /** Where the next line begins. */
  end = 0;
  /** The line's record; undefined where it is no whole one. Good until the next call of `next`. */
  record: TxnRecord | undefined;
  readonly #file: ReadableFile;
  readonly #wholeRecord = new TxnRecord();
  #buffer = new Uint8Array(CHUNK_BYTES);
  /** How much of the buffer is filled. */
  #filled = 0;
  /** The line, in the buffer; without its LF. */
  #lineStart = 0;
  #lineEnd = 0;
  /** Where the next line begins in the buffer. */
  #next = 0;
  /** Nothing more is read from the file. */
  #isRead = false;

  /** @param file is closed with the reader */
  constructor(file: ReadableFile) {
    this.#file = file;
  }

  /** Opens a file. */
  static open(files: Files, name: string): RecordReader {
    return new RecordReader(files.openToRead(name));
  }

  /** Goes to the next line; false at the end of the file. */
  next(): boolean {
    const lf = this.#readLine();
    this.#lineStart = this.#next;
    this.#lineEnd = lf < 0 ? this.#filled : lf;
    this.#next = lf < 0 ? this.#filled : lf + 1;
    this.offset = this.end;
    this.end += this.#next - this.#lineStart;
    const isRecord = lf >= 0 && readRecord(this.#buffer, this.#lineStart, lf, this.#wholeRecord);
    this.record = isRecord ? this.#wholeRecord : undefined;
    return this.end > this.offset;
  }

  /**
   * Looks for a record behind the beginning of a line that is none itself: it stands whole there where
   * only the LF before it is damaged.
   */
  hidden(): TxnRecord | undefined {
    const text = latin1.decode(this.#buffer.subarray(this.#lineStart, this.#lineEnd)); // one character a byte
    const record = new TxnRecord();
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

  /** Sees to it that the next line is in the buffer; gives the place of its LF, or -1 where it has none. */
  #readLine(): number {
    let known = 0; // bytes of the line that hold no LF
    for (;;) {
      const lf = this.#buffer.indexOf(LF, this.#next + known);
      if (lf >= 0 && lf < this.#filled) return lf;
      known = this.#filled - this.#next;
      if (known > MAX_RECORD_BYTES) this.#isRead = true; // no record is as long
      if (this.#isRead || !this.#readMore()) return -1;
    }
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
    if (count === null) this.#isRead = true;
    else this.#filled += count;
    return !this.#isRead;
  }
}
