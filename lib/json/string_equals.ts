/** A comparison of JSON string literals with strings, without decoding the literals. */

const BACKSLASH = 92, NINE = 57, LOWER_U = 117;

/** Characters of escapes by their letters. Other escaped characters mean themselves. */
const ESCAPED = new Map([..."bfnrt"].map((letter, at) => [
  letter.charCodeAt(0),
  "\b\f\n\r\t".charCodeAt(at),
]));

/**
 * Whether a string literal has these characters, with escapes or without. It reads up to the first
 * difference.
 *
 * @param start position of its opening quote
 * @param end position behind its closing quote; the literal must be valid JSON and UTF-8
 */
export function stringEquals(
  bytes: Uint8Array,
  start: number,
  end: number,
  characters: string,
): boolean {
  const close = end - 1;
  let at = start + 1, index = 0;
  while (at < close) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) {
      if (characters.charCodeAt(index) !== unitAt(bytes, at)) return false;
      at += byte !== BACKSLASH ? 1 : bytes[at + 1] === LOWER_U ? 6 : 2;
      index++;
    } else {
      const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      const point = codePointAt(bytes, at, length);
      if (characters.codePointAt(index) !== point) return false;
      at += length;
      index += point > 0xffff ? 2 : 1;
    }
  }
  return index === characters.length;
}

/** The UTF-16 code unit of an ASCII byte or of an escape. */
export function unitAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0;
  if (byte !== BACKSLASH) return byte;
  const letter = bytes[at + 1] ?? 0;
  if (letter !== LOWER_U) return ESCAPED.get(letter) ?? letter;
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit++) {
    const hex = bytes[digit] ?? 0;
    unit = unit << 4 | (hex <= NINE ? hex & 15 : (hex & 15) + 9);
  }
  return unit;
}

/** The code point of two to four bytes in UTF-8. */
function codePointAt(bytes: Uint8Array, at: number, length: number): number {
  let point = (bytes[at] ?? 0) & (0xff >> (length + 1));
  for (let next = at + 1; next < at + length; next++) {
    point = point << 6 | ((bytes[next] ?? 0) & 63);
  }
  return point;
}
