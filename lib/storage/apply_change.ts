/** Makes the change of a record in a table, once more. */
import { skipValue } from "../base/json_scan.ts";
import { areEqual } from "../base/span.ts";
import { decodeRequest, isRefusal } from "../protocol/decode_request.ts";
import type { HashTable } from "../table/hash_table.ts";
import type { Change } from "./storage.ts";
import { INSERT, INSERT_END, type TxnRecord, VALUE } from "./txn_record.ts";

const SPACE = 32, QUOTE = 34, BACKSLASH = 92;

/**
 * Makes a change that was recorded.
 *
 * @returns false where the record holds no change
 */
export function applyChange(table: HashTable, record: TxnRecord): boolean {
  const change = insertIn(record) ?? changeIn(record);
  if (change === undefined) return false;
  const { key } = change;
  const hash = table.hashOf(key.bytes, key.start, key.end);
  const slot = table.find(hash, key.bytes, key.start, key.end);
  if (change.method === "insert") table.set(slot, hash, key, change.value);
  else if (slot >= 0) table.remove(slot);
  return true;
}

/** Reads a change in whatever form a request may have; undefined where there is none. */
function changeIn({ bytes, jsonStart, jsonEnd }: TxnRecord): Change | undefined {
  const request = decodeRequest(bytes, jsonStart, jsonEnd);
  if (isRefusal(request)) return undefined;
  return request.method === "insert" || request.method === "remove" ? request : undefined;
}

/**
 * Reads an insert of the very form in which they are written, as nearly all records are: in less than
 * half the time that it takes to read any request. Gives undefined for anything else.
 */
function insertIn({ bytes, jsonStart, jsonEnd }: TxnRecord): Change | undefined {
  const start = jsonStart + INSERT.length;
  if (!isAt(bytes, jsonStart, jsonEnd, INSERT)) return undefined;
  const end = skipPlain(bytes, start, jsonEnd);
  if (!isAt(bytes, end, jsonEnd, VALUE)) return undefined;
  const valueStart = end + VALUE.length;
  const valueEnd = skipValue(bytes, valueStart, jsonEnd);
  if (valueEnd !== jsonEnd - INSERT_END.length) return undefined;
  if (!isAt(bytes, valueEnd, jsonEnd, INSERT_END)) return undefined;
  return {
    method: "insert",
    key: { bytes, start, end },
    value: { bytes, start: valueStart, end: valueEnd },
  };
}

/** Whether a piece stands here. */
function isAt(bytes: Uint8Array, at: number, end: number, piece: Uint8Array): boolean {
  return areEqual(bytes, at, Math.min(at + piece.length, end), piece, 0, piece.length);
}

/** Skips the characters of a string literal that has no escape: such a key is canonical. */
function skipPlain(bytes: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) break;
  }
  return at;
}
