/** Changes bytes a little, so that they are still almost what they were. */
import { oneIn, pick, type Random } from "../source.ts";

const encoder = new TextEncoder();

/** What is put into an input: what means something to a reader, and what is no UTF-8. */
const TOKENS = [
  ...['"', "\\", "{", "}", "[", "]", ",", ":", "\n", "\r\n", "\r", " ", "\0", "0", "-", "e", "."],
  ...[
    "\\u",
    "\\ud800",
    "null",
    '"id":1',
    ',"key":"b"',
    '"method":"size"',
    "\u001f",
    "\ufeff",
    "{}",
  ],
  ...[
    "00000000",
    "9e9",
    "\u007f",
    "\u00e9",
    "\u{1f600}",
    "nan",
    '"}',
    "\n{",
    ",\n{",
    "(",
    "*",
    "?",
  ],
].map((text) => encoder.encode(text)).concat(
  [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf0, 0x9f], [0x80], [0x1a]]
    .map((bytes) => Uint8Array.from(bytes)),
);

/** Bytes in one to four places not as they were. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  for (let left = 1 + (oneIn(random, 3) ? random.below(4) : 0); left > 0; left--) {
    bytes = changedOnce(bytes, random);
  }
  return bytes;
}

/** Any bytes, at most so many. */
export function anyBytes(random: Random, most: number): Uint8Array {
  const bytes = new Uint8Array(random.below(most + 1));
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256);
  return bytes;
}

function changedOnce(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + random.below(oneIn(random, 4) ? 40 : 3));
  switch (random.below(8)) {
    case 0: // a bit
      return replaced(bytes, at, Math.min(1, bytes.length - at), [
        (bytes[at] ?? 0) ^ (1 << random.below(8)),
      ]);
    case 1: // another byte
      return replaced(bytes, at, Math.min(1, bytes.length - at), [random.below(256)]);
    case 2: // left out
      return replaced(bytes, at, length, []);
    case 3: // twice
      return replaced(bytes, at, 0, bytes.subarray(at, at + length));
    case 4: // cut off
      return oneIn(random, 4) ? bytes.subarray(0, at) : replaced(bytes, at, length, []);
    case 5: { // moved
      const part = bytes.slice(at, at + length), rest = replaced(bytes, at, length, []);
      return replaced(rest, random.below(rest.length + 1), 0, part);
    }
    case 6:
      return replaced(bytes, at, 0, pick(random, TOKENS));
    default:
      return replaced(bytes, at, length, pick(random, TOKENS));
  }
}

function replaced(
  bytes: Uint8Array,
  at: number,
  length: number,
  by: ArrayLike<number>,
): Uint8Array {
  const changed = new Uint8Array(bytes.length - length + by.length);
  changed.set(bytes.subarray(0, at));
  changed.set(by, at);
  changed.set(bytes.subarray(at + length), at + by.length);
  return changed;
}
