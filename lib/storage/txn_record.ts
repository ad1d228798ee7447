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
 *     {"htserver":"txn","version":1}                a log
 *     {"htserver":"ckpt","version":1,"covers":C}    a checkpoint: changes after number C go over it
 *
 * The records of a checkpoint are numbered from 1; its last one is `{"end":N}` with the number of keys.
 */
import { crc32 } from "node:zlib";
import type { JsonText } from "../protocol/message.ts";

/** The version of the format. */
export const FORMAT_VERSION = 1;

/** Longest record that is written or read, in bytes: a request and what belongs to its record. */
export const MAX_RECORD_BYTES = 300_000_000;

const CRC_CHARS = 8;
const LF = 10, BLANK = 32;

/** A record that was read. */
export interface TxnRecord {
  readonly seq: number;
  readonly lag: number;
  readonly json: JsonText;
}

const encoder = new TextEncoder();

/** Collects records to be written at once. */
export class RecordBuffer {
  #bytes = new Uint8Array(64 * 1024);
  #length = 0;

  /** Bytes of all records. */
  get length(): number {
    return this.#length;
  }

  /** Adds a record. */
  add(seq: number, lag: number, json: JsonText): void {
    const text = `${seq.toString(16)} ${lag.toString(16)} ${json}`;
    const start = this.#length;
    this.#reserve(CRC_CHARS + 1 + text.length * 3 + 1);
    const textStart = start + CRC_CHARS + 1;
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(textStart));
    const end = textStart + written;
    const crc = crc32(this.#bytes.subarray(textStart, end));
    writeHex(this.#bytes, start, crc);
    this.#bytes[textStart - 1] = BLANK;
    this.#bytes[end] = LF;
    this.#length = end + 1;
  }

  /** The bytes of all records; valid until the next call of any method. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets all records. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = new Uint8Array(64 * 1024);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** A buffer larger than this is given back after use. */
const MAX_KEPT_BYTES = 4_000_000;

/**
 * Reads one record.
 *
 * @param bytes the line without its LF
 * @param text the same, decoded
 * @returns undefined where the bytes are no whole record
 */
export function parseRecord(bytes: Uint8Array, text: string): TxnRecord | undefined {
  if (bytes.length <= CRC_CHARS || bytes[CRC_CHARS] !== BLANK) return undefined;
  if (crc32(bytes.subarray(CRC_CHARS + 1)) !== readHex(text, 0, CRC_CHARS)) return undefined;
  const seqEnd = text.indexOf(" ", CRC_CHARS + 1);
  const lagEnd = text.indexOf(" ", seqEnd + 1);
  if (seqEnd < 0 || lagEnd < 0) return undefined;
  return {
    seq: readHex(text, CRC_CHARS + 1, seqEnd),
    lag: readHex(text, seqEnd + 1, lagEnd),
    json: text.slice(lagEnd + 1),
  };
}

function writeHex(bytes: Uint8Array, at: number, value: number): void {
  for (let digit = CRC_CHARS - 1; digit >= 0; digit--) {
    const nibble = value & 15;
    bytes[at + digit] = nibble < 10 ? 48 + nibble : 87 + nibble;
    value >>>= 4;
  }
}

/** Lower-case digits only, as they are written; NaN for anything else. */
function readHex(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const nibble = code >= 48 && code <= 57
      ? code - 48
      : code >= 97 && code <= 102
      ? code - 87
      : NaN;
    value = value * 16 + nibble;
  }
  return start < end ? value : NaN;
}
