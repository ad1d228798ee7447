/** Hexadecimal numbers in bytes: lower case, without strings in between. */

const DIGITS = new TextEncoder().encode("0123456789abcdef");

/** What each byte is worth as a digit; -1: it is none. */
const NIBBLES = Int8Array.from({ length: 256 }, (_, byte) => DIGITS.indexOf(byte));

/** Most digits of a number that `writeHex` takes. */
export const MAX_HEX_DIGITS = 14;

/**
 * Writes a number without leading zeros.
 *
 * @param value a whole number from 0 to `Number.MAX_SAFE_INTEGER`
 * @returns the place behind it
 */
export function writeHex(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 2 ** 32) {
    at = writeHex(bytes, at, Math.floor(value / 2 ** 32));
    return writeHex32(bytes, at, value | 0, 8);
  }
  return writeHex32(bytes, at, value | 0, Math.max(1, 8 - (Math.clz32(value) >> 2)));
}

/**
 * Writes the last digits of a number of 32 bits.
 *
 * @param value its bits, signed or not
 * @param digits how many of them (default: all)
 * @returns the place behind them
 */
export function writeHex32(bytes: Uint8Array, at: number, value: number, digits = 8): number {
  const end = at + digits;
  for (let place = end - 1; place >= at; place--) {
    bytes[place] = DIGITS[value & 15] ?? 0;
    value >>>= 4;
  }
  return end;
}

/** Whether all eight digits of a number of 32 bits stand here, as `writeHex32` writes them. */
export function isHex32(bytes: Uint8Array, at: number, value: number): boolean {
  for (let place = at + 7; place >= at; place--) {
    if (bytes[place] !== DIGITS[value & 15]) return false;
    value >>>= 4;
  }
  return true;
}

/** The number that stands here, or NaN where there is anything else or nothing. */
export function readHex(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const nibble = NIBBLES[bytes[at] ?? 0] ?? -1;
    if (nibble < 0) return NaN;
    value = value * 16 + nibble;
  }
  return start < end ? value : NaN;
}
