/**
 * Searches long runs of bytes four at a time: what a loop over bytes takes most of its time for.
 *
 * For a word x of four bytes, (x - 0x01010101) & ~x & 0x80808080 is not 0 just where one of them is 0; with
 * n times 0x01010101 in place of 0x01010101, where one is below n (of those below 128). See
 * "Bit Twiddling Hacks" by Sean Eron Anderson. Which of them it is, the loop over bytes finds out.
 */

/** Runs shorter than this are not worth a view of words. */
const MIN_BYTES = 128;

const ONES = 0x01010101, HIGH_BITS = 0x80808080 | 0;
const QUOTE = 34, SPACE = 32, BACKSLASH = 92;
const QUOTES = QUOTE * ONES, SPACES = SPACE * ONES, BACKSLASHES = BACKSLASH * ONES;

/**
 * Skips bytes that stand for themselves inside of a JSON string, or at least some of them: stops
 * before a quote, a backslash and a control character, and less than four bytes before the end.
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

/** Where a byte stands first; -1 where it does not. */
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

/** The first place at or behind `at` where a word may begin. */
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
