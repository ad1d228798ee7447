/** A mutator: changes bytes a little, so that they are still almost valid. */
import { oneIn, pick, type Random } from "../source.ts";

const encoder = new TextEncoder();

/** Inserted pieces: text with a meaning for a reader, and invalid UTF-8. */
const TOKENS = [
  ...['"', "\\", "{", "}", "[", "]", ",", ":", "\n", "\r\n", "\r", " ", "\0", "0", "-", "e", "."],
  ...["\\u", "\\ud800", "null", '"id":1', ',"key":"b"', '"method":"size"', "\u001f", "\ufeff"],
  ...["{}", "00000000", "9e9", "\u007f", "\u00e9", "\u{1f600}", "nan", '"}', "\n{", ",\n{"],
  ...["(", "*", "?"],
].map((text) => encoder.encode(text)).concat(
  [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf0, 0x9f], [0x80], [0x1a]]
    .map((bytes) => Uint8Array.from(bytes)),
);

/** Changes bytes in one to four places. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  for (let left = 1 + (oneIn(random, 3) ? random.below(4) : 0); left > 0; left--) {
    bytes = changeOnce(bytes, random);
  }
  return bytes;
}

/** Random bytes, at most `maxLength`. */
export function anyBytes(random: Random, maxLength: number): Uint8Array {
  const bytes = new Uint8Array(random.below(maxLength + 1));
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256);
  return bytes;
}

function changeOnce(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + random.below(oneIn(random, 4) ? 40 : 3));
  switch (random.below(8)) {
    case 0: // flip a bit
      return splice(bytes, at, Math.min(1, bytes.length - at), [
        (bytes[at] ?? 0) ^ (1 << random.below(8)),
      ]);
    case 1: // replace a byte
      return splice(bytes, at, Math.min(1, bytes.length - at), [random.below(256)]);
    case 2: // remove
      return splice(bytes, at, length, []);
    case 3: // double
      return splice(bytes, at, 0, bytes.subarray(at, at + length));
    case 4: // cut off
      return oneIn(random, 4) ? bytes.subarray(0, at) : splice(bytes, at, length, []);
    case 5: { // move
      const part = bytes.slice(at, at + length), rest = splice(bytes, at, length, []);
      return splice(rest, random.below(rest.length + 1), 0, part);
    }
    case 6: // insert a token
      return splice(bytes, at, 0, pick(random, TOKENS));
    default: // replace by a token
      return splice(bytes, at, length, pick(random, TOKENS));
  }
}

function splice(bytes: Uint8Array, at: number, length: number, by: ArrayLike<number>): Uint8Array {
  const changed = new Uint8Array(bytes.length - length + by.length);
  changed.set(bytes.subarray(0, at));
  changed.set(by, at);
  changed.set(bytes.subarray(at + length), at + by.length);
  return changed;
}
