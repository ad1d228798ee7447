/**
 * The format of a record in a log or checkpoint. docs/FILE_FORMAT.md explains it with an example.
 *
 * A record is one line of text:
 *
 *     CRC SEQ LAG JSON LF
 *
 * - `CRC`: eight hexadecimal digits in lower case, the CRC-32 (as in zip) of `SEQ LAG JSON`
 * - `SEQ`: hexadecimal, the number of the change, one more than that of the record before
 * - `LAG`: hexadecimal; record SEQ - LAG was the last one known to be on disk when this one was written
 * - `JSON`: the request that made the change, `{"method":"insert","key":KEY,"value":VALUE}` or
 *   `{"method":"remove","key":KEY}`; or a header or end, below. It contains no LF
 *
 * CRC and LF show that a record is whole. The lag distinguishes damage from a torn write: records that were
 * on disk must not be missing before a later record (I4), but parts of one unfinished write may be.
 *
 * The first record of a file is its header. Its SEQ and LAG are 0:
 *
 *     {"htserver":"txn","version":1,"table":"T","log":L}                a log
 *     {"htserver":"ckpt","version":1,"covers":C,"table":"T","log":L}    a checkpoint
 *
 * - C: number of the last change that the checkpoint contains for certain; replay continues after it
 * - T: identity of the table, a random UUID: a client notices after a reconnect if the server has another
 *   table. As a part of the header, it is as durable as the data
 * - L: number of the log, one more than that of the log before; in a checkpoint, the number of the log that
 *   follows it (`log_chain.ts`)
 *
 * Files of earlier versions lack T and L, and earlier versions ignore both. The records of a checkpoint are
 * numbered from 1, and their LAG is 0. The last one is `{"end":N}` with the number of keys.
 */
import { ByteBuilder } from "../../bytes/byte_builder.ts";
import { crc32 } from "../../bytes/crc32.ts";
import { isHex32, MAX_HEX_DIGITS, readHex, writeHex, writeHex32 } from "../../bytes/hex.ts";
import type { Entry } from "../../table/hash_table.ts";
import type { Change } from "./table_change.ts";

/** The version of the format. */
export const FORMAT_VERSION = 1;

/** Largest record that is written or read, in bytes: more than the largest request needs. */
export const MAX_RECORD_BYTES = 300_000_000;

const CRC_DIGITS = 8;
const BLANK = 32, LF = 10;

/** Bytes of a record besides its JSON, at most: the digits, three blanks, and the LF. */
const FRAME_BYTES = CRC_DIGITS + 2 * MAX_HEX_DIGITS + 4;

/** JSON around the key and value of an insert. */
const INSERT = ascii('{"method":"insert","key":"');
const VALUE = ascii('","value":');
const INSERT_END = ascii("}");

/** JSON around the key of a remove. */
const REMOVE = ascii('{"method":"remove","key":"');
const REMOVE_END = ascii('"}');

/** Bytes of a change besides its key and value, at most. */
const MAX_AROUND_BYTES = Math.max(
  INSERT.length + VALUE.length + INSERT_END.length,
  REMOVE.length + REMOVE_END.length,
);

/** First size of a buffer in bytes, and its size after a larger one than `MAX_KEPT_BYTES` was cleared. */
const FIRST_BYTES = 64 * 1024;

/** Largest buffer that is kept after use, in bytes. */
const MAX_KEPT_BYTES = 4_000_000;

/** Collects records for one write. */
export class RecordBuffer {
  readonly #out = new ByteBuilder(new Uint8Array(FIRST_BYTES));
  /** Start of the record that is being added. */
  #start = 0;

  /** Bytes of all records. */
  get length(): number {
    return this.#out.length;
  }

  /** Adds a record with this JSON. */
  add(seq: number, lag: number, json: string): void {
    this.#startRecord(seq, lag, json.length * 3);
    this.#out.addText(json);
    this.#endRecord();
  }

  /** Adds a change; its bytes are copied. */
  addChange(seq: number, lag: number, change: Change): void {
    const { key } = change;
    if (change.method === "insert") {
      const { value } = change;
      this.#startRecord(seq, lag, key.end - key.start + value.end - value.start);
      this.#out.add(INSERT);
      this.#out.add(key.bytes, key.start, key.end);
      this.#out.add(VALUE);
      this.#out.add(value.bytes, value.start, value.end);
      this.#out.add(INSERT_END);
    } else {
      change.method satisfies "remove";
      this.#startRecord(seq, lag, key.end - key.start);
      this.#out.add(REMOVE);
      this.#out.add(key.bytes, key.start, key.end);
      this.#out.add(REMOVE_END);
    }
    this.#endRecord();
  }

  /** Adds the insert of a table's entry; its bytes are copied. */
  addEntry(seq: number, lag: number, { bytes, keyStart, keyEnd, valueEnd }: Entry): void {
    this.#startRecord(seq, lag, valueEnd - keyStart);
    this.#out.add(INSERT);
    this.#out.add(bytes, keyStart, keyEnd);
    this.#out.add(VALUE);
    this.#out.add(bytes, keyEnd, valueEnd);
    this.#out.add(INSERT_END);
    this.#endRecord();
  }

  /** The bytes of all records; valid until the next call of any method. */
  bytes(): Uint8Array {
    return this.#out.view();
  }

  /** Drops all records. */
  clear(): void {
    this.#out.length = 0;
    if (this.#out.bytes.length > MAX_KEPT_BYTES) this.#out.bytes = new Uint8Array(FIRST_BYTES);
  }

  /** Adds the fields before the JSON, and reserves space for this many bytes of keys and values. */
  #startRecord(seq: number, lag: number, contentBytes: number): void {
    const out = this.#out;
    // All space at once: if there is no memory for it, no part of the record is in the buffer.
    out.reserve(FRAME_BYTES + MAX_AROUND_BYTES + contentBytes);
    const { bytes } = out;
    this.#start = out.length;
    let at = this.#start + CRC_DIGITS;
    bytes[at++] = BLANK;
    at = writeHex(bytes, at, seq);
    bytes[at++] = BLANK;
    at = writeHex(bytes, at, lag);
    bytes[at++] = BLANK;
    out.length = at;
  }

  #endRecord(): void {
    const { bytes, length } = this.#out;
    writeHex32(bytes, this.#start, crc32(bytes, this.#start + CRC_DIGITS + 1, length));
    bytes[length] = LF;
    this.#out.length = length + 1;
  }
}

/** The fields of a record; each `readRecord` sets all of them. */
export class LogRecord {
  seq = 0;
  lag = 0;
  bytes: Uint8Array = new Uint8Array(0);
  jsonStart = 0;
  jsonEnd = 0;
}

/**
 * Reads one record.
 *
 * @param start start of the line in the buffer
 * @param end end of the line, without its LF
 * @param record receives the fields, with NaN for an invalid number; its JSON stays in the buffer
 * @returns false if the line is no whole record
 */
export function readRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  record: LogRecord,
): boolean {
  const seqStart = start + CRC_DIGITS + 1;
  if (seqStart > end || bytes[seqStart - 1] !== BLANK) return false;
  if (!isHex32(bytes, start, crc32(bytes, seqStart, end))) return false;
  const seqEnd = findBlank(bytes, seqStart, end);
  const lagEnd = findBlank(bytes, seqEnd + 1, end);
  if (lagEnd >= end) return false;
  record.seq = readHex(bytes, seqStart, seqEnd);
  record.lag = readHex(bytes, seqEnd + 1, lagEnd);
  record.bytes = bytes;
  record.jsonStart = lagEnd + 1;
  record.jsonEnd = end;
  return true;
}

/** Finds the next blank, or the end. */
function findBlank(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== BLANK) at++;
  return at;
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
