/**
 * A search in long runs of bytes, four at a time, which is faster than a loop over bytes.
 *
 * For a word x of four bytes, (x - 0x01010101) & ~x & 0x80808080 is not 0 if and only if one byte is 0.
 * With n * 0x01010101 instead of 0x01010101 it finds a byte below n (n at most 128). See "Bit Twiddling
 * Hacks" by Sean Eron Anderson. A loop over bytes then finds which of the four it is.
 */

/** For shorter runs, a view of words costs more than it saves. */
const MIN_BYTES = 128;

const ONES = 0x01010101, HIGH_BITS = 0x80808080 | 0;
const QUOTE = 34, SPACE = 32, BACKSLASH = 92;
const QUOTES = QUOTE * ONES, SPACES = SPACE * ONES, BACKSLASHES = BACKSLASH * ONES;

/**
 * Skips plain bytes of a JSON string, or at least some of them. It stops before a quote, a backslash or
 * a control character, or less than four bytes before the end.
 */
export function skipPlain(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < MIN_BYTES) return at;
  const start = aligned(bytes, at);
  if (findSpecial(bytes, at, start) < start) return at;
  const words = wordsOf(bytes, start, end);
  for (let number = 0; number < words.length; number++) {
    const word = words[number] ?? 0, quotes = word ^ QUOTES, backslashes = word ^ BACKSLASHES;
    const found = ((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes) |
      ((word - SPACES) & ~word);
    if ((found & HIGH_BITS) !== 0) return start + 4 * number;
  }
  return start + 4 * words.length;
}

/** Index of the first byte of a value; -1: no byte has it. */
export function indexOfByte(bytes: Uint8Array, byte: number, at: number, end: number): number {
  if (end - at >= MIN_BYTES) {
    const start = aligned(bytes, at);
    for (; at < start; at++) if (bytes[at] === byte) return at;
    const words = wordsOf(bytes, start, end), wanted = byte * ONES;
    let number = 0;
    for (; number < words.length; number++) {
      const word = (words[number] ?? 0) ^ wanted;
      if (((word - ONES) & ~word & HIGH_BITS) !== 0) break;
    }
    at = start + 4 * number;
  }
  for (; at < end; at++) if (bytes[at] === byte) return at;
  return -1;
}

/** The first index from `at` on where a word may begin. */
function aligned(bytes: Uint8Array, at: number): number {
  return at + (-(bytes.byteOffset + at) & 3);
}

function wordsOf(bytes: Uint8Array, start: number, end: number): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset + start, (end - start) >>> 2);
}

function findSpecial(bytes: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) break;
  }
  return at;
}
