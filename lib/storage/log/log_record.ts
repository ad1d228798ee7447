/**
 * The format of a record, in the transaction log and in the checkpoint.
 *
 * A record is one line of text:
 *
 *     CRC SEQ LAG JSON LF
 *
 * - `CRC`: eight hexadecimal digits, the CRC-32 (as in zip) of all between the blank behind it and the LF
 * - `SEQ`: hexadecimal, the number of the change: one more than that of the record before
 * - `LAG`: hexadecimal; when the record was written, record SEQ - LAG was the last one known to be on disk
 * - `JSON`: what was changed, as the request that did it: `{"method":"insert","key":"zebra","value":[1.0]}`
 *   or `{"method":"remove","key":"zebra"}`; or one of the two kinds below. JSON holds no LF
 *
 * so `tail -f` and `less` show what happens. The LF and the CRC together tell a whole record from a
 * torn one. The lag tells damage from a torn write: records that were on disk once must not be missing
 * before one that was written later (I4); records of one unfinished write may reach the disk in any order.
 *
 * The first record of a file has the number 0, and says what the file is and what version of this
 * format it has:
 *
 *     {"htserver":"txn","version":1,"table":"T","log":L}                a log
 *     {"htserver":"ckpt","version":1,"covers":C,"table":"T","log":L}    a checkpoint: changes after number C
 *                                                                       go over it
 *
 * T is the identity of the table (`table_id.ts`). It is in the records that every file has anyway, so
 * that it is as durable as the data and no copy of a file goes without it. L is the number of the log, one
 * more than that of the log before; in a checkpoint, the number of the log that was begun for it
 * (`log_chain.ts`). Files of earlier versions have neither, and earlier versions ignore both.
 *
 * The records of a checkpoint are numbered from 1; its last one is `{"end":N}` with the number of keys.
 */
import { ByteBuilder } from "../../bytes/byte_builder.ts";
import { crc32 } from "../../bytes/crc32.ts";
import { isHex32, MAX_HEX_DIGITS, readHex, writeHex, writeHex32 } from "../../bytes/hex.ts";
import type { Entry } from "../../table/hash_table.ts";
import type { Change } from "./table_change.ts";

/** The version of the format. */
export const FORMAT_VERSION = 1;

/** Longest record that is written or read, in bytes: a request and what belongs to its record. */
export const MAX_RECORD_BYTES = 300_000_000;

const CRC_DIGITS = 8;
const BLANK = 32, LF = 10;

/** Most bytes of a record beside its JSON: the digits, three blanks, and the LF. */
const FRAME_BYTES = CRC_DIGITS + 2 * MAX_HEX_DIGITS + 4;

/** What stands around the key and the value of an insert. */
const INSERT = ascii('{"method":"insert","key":"');
const VALUE = ascii('","value":');
const INSERT_END = ascii("}");

/** What stands around the key of a remove. */
const REMOVE = ascii('{"method":"remove","key":"');
const REMOVE_END = ascii('"}');

/** Most bytes of a change beside its key and value. */
const MAX_AROUND_BYTES = Math.max(
  INSERT.length + VALUE.length + INSERT_END.length,
  REMOVE.length + REMOVE_END.length,
);

/** A buffer of records has this size at first, and again where it became larger than `MAX_KEPT_BYTES`. */
const FIRST_BYTES = 64 * 1024;

/** A buffer larger than this is given back after use. */
const MAX_KEPT_BYTES = 4_000_000;

/** Collects records to be written at once. */
export class RecordBuffer {
  readonly #out = new ByteBuilder(new Uint8Array(FIRST_BYTES));
  /** Where the record begins that is being added. */
  #start = 0;

  /** Bytes of all records. */
  get length(): number {
    return this.#out.length;
  }

  /** Adds a record with this JSON. */
  add(seq: number, lag: number, json: string): void {
    this.#begin(seq, lag, json.length * 3);
    this.#out.addText(json);
    this.#end();
  }

  /** Adds a change; its bytes are copied. */
  addChange(seq: number, lag: number, change: Change): void {
    const { key } = change;
    if (change.method === "insert") {
      const { value } = change;
      this.#begin(seq, lag, key.end - key.start + value.end - value.start);
      this.#out.add(INSERT);
      this.#out.add(key.bytes, key.start, key.end);
      this.#out.add(VALUE);
      this.#out.add(value.bytes, value.start, value.end);
      this.#out.add(INSERT_END);
    } else {
      this.#begin(seq, lag, key.end - key.start);
      this.#out.add(REMOVE);
      this.#out.add(key.bytes, key.start, key.end);
      this.#out.add(REMOVE_END);
    }
    this.#end();
  }

  /** Adds the insert of what the table holds in one of its slots; its bytes are copied. */
  addEntry(seq: number, lag: number, { bytes, keyStart, keyEnd, valueEnd }: Entry): void {
    this.#begin(seq, lag, valueEnd - keyStart);
    this.#out.add(INSERT);
    this.#out.add(bytes, keyStart, keyEnd);
    this.#out.add(VALUE);
    this.#out.add(bytes, keyEnd, valueEnd);
    this.#out.add(INSERT_END);
    this.#end();
  }

  /** The bytes of all records; valid until the next call of any method. */
  bytes(): Uint8Array {
    return this.#out.view();
  }

  /** Forgets all records. */
  clear(): void {
    this.#out.length = 0;
    if (this.#out.bytes.length > MAX_KEPT_BYTES) this.#out.bytes = new Uint8Array(FIRST_BYTES);
  }

  /** Writes what stands before the JSON, with room for so many bytes of keys and values behind it. */
  #begin(seq: number, lag: number, contentBytes: number): void {
    const out = this.#out;
    // All at once: where there is no memory for it, nothing of the record is there yet.
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

  #end(): void {
    const { bytes, length } = this.#out;
    writeHex32(bytes, this.#start, crc32(bytes, this.#start + CRC_DIGITS + 1, length));
    bytes[length] = LF;
    this.#out.length = length + 1;
  }
}

/** A record that was read: its numbers, and where its JSON is. Filled anew by each `readRecord`. */
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
 * @param start of the line in the buffer
 * @param end of the line, without its LF
 * @param record filled, with NaN for a number that is none; its JSON stays in the buffer
 * @returns false where the bytes are no whole record
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
  const seqEnd = blankBehind(bytes, seqStart, end);
  const lagEnd = blankBehind(bytes, seqEnd + 1, end);
  if (lagEnd >= end) return false;
  record.seq = readHex(bytes, seqStart, seqEnd);
  record.lag = readHex(bytes, seqEnd + 1, lagEnd);
  record.bytes = bytes;
  record.jsonStart = lagEnd + 1;
  record.jsonEnd = end;
  return true;
}

/** Where the next blank stands, or the end. */
function blankBehind(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== BLANK) at++;
  return at;
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
