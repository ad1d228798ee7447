/** Hexadecimal numbers in bytes, in lower case. They are read and written without strings. */

const DIGITS = new TextEncoder().encode("0123456789abcdef");

/** The value of each byte as a digit; -1: it is not a digit. */
const NIBBLES = Int8Array.from({ length: 256 }, (_, byte) => DIGITS.indexOf(byte));

/** Most digits that `writeHex` writes. */
export const MAX_HEX_DIGITS = 14;

/**
 * Writes a number without leading zeros.
 *
 * @param value an integer from 0 to `Number.MAX_SAFE_INTEGER`
 * @returns the index behind it
 */
export function writeHex(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 2 ** 32) {
    at = writeHex(bytes, at, Math.floor(value / 2 ** 32));
    return writeHex32(bytes, at, value | 0, 8);
  }
  return writeHex32(bytes, at, value | 0, Math.max(1, 8 - (Math.clz32(value) >> 2)));
}

/**
 * Writes the lowest digits of a number of 32 bits.
 *
 * @param value its bits, signed or not
 * @param digits number of digits (default: all)
 * @returns the index behind them
 */
export function writeHex32(bytes: Uint8Array, at: number, value: number, digits = 8): number {
  const end = at + digits;
  for (let index = end - 1; index >= at; index--) {
    bytes[index] = DIGITS[value & 15] ?? 0;
    value >>>= 4;
  }
  return end;
}

/** Whether the next eight bytes are the digits of a number of 32 bits, as `writeHex32` writes them. */
export function isHex32(bytes: Uint8Array, at: number, value: number): boolean {
  for (let index = at + 7; index >= at; index--) {
    if (bytes[index] !== DIGITS[value & 15]) return false;
    value >>>= 4;
  }
  return true;
}

/** Reads a number; NaN: a byte is no digit, or the text is empty. */
export function readHex(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const nibble = NIBBLES[bytes[at] ?? 0] ?? -1;
    if (nibble < 0) return NaN;
    value = value * 16 + nibble;
  }
  return start < end ? value : NaN;
}
