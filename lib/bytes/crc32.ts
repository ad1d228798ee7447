/**
 * The checksum CRC-32, as in zip: polynomial 0xEDB88320 reflected, initial value all ones, result inverted.
 *
 * Short inputs are computed here, eight bytes at a time ("slicing by 8"): a native call costs more,
 * because it needs a new view for each input. Long inputs use the native code, which is many times
 * faster.
 */
import { crc32 as nativeCrc32 } from "node:zlib";

/** From this many bytes on, the native code is faster, its call included. */
const NATIVE_BYTES = 128;

const POLYNOMIAL = 0xedb88320;

/** Eight tables of 256: entry B of table T is the effect of byte B with T more bytes behind it. */
const TABLES = tables();

/**
 * The checksum of bytes `start` to `end` of a buffer.
 *
 * @returns 32 bits as a signed number
 */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  if (end - start >= NATIVE_BYTES) return nativeCrc32(bytes.subarray(start, end)) | 0;
  let crc = -1;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    crc = entry(7, (crc ^ byteAt(bytes, at)) & 255) ^
      entry(6, ((crc >>> 8) ^ byteAt(bytes, at + 1)) & 255) ^
      entry(5, ((crc >>> 16) ^ byteAt(bytes, at + 2)) & 255) ^
      entry(4, (crc >>> 24) ^ byteAt(bytes, at + 3)) ^
      entry(3, byteAt(bytes, at + 4)) ^
      entry(2, byteAt(bytes, at + 5)) ^
      entry(1, byteAt(bytes, at + 6)) ^
      entry(0, byteAt(bytes, at + 7));
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ entry(0, (crc ^ byteAt(bytes, at)) & 255);
  return ~crc;
}

function entry(table: number, byte: number): number {
  return TABLES[table * 256 + byte] ?? 0;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function tables(): Int32Array {
  const all = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    all[byte] = crc;
  }
  for (let at = 256; at < all.length; at++) {
    const before = all[at - 256] ?? 0;
    all[at] = (before >>> 8) ^ (all[before & 255] ?? 0);
  }
  return all;
}
