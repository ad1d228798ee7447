/** Proves that a search by words finds the same as a search byte by byte. */
import assert from "assert";
import fc from "fast-check";
import { indexOfByte, skipPlain } from "../../lib/bytes/word_scan.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("word_scan");

const isSpecial = (byte: number) => byte === 34 || byte === 92 || byte < 32;

/** A part of a buffer with a long run of one byte, and a few other bytes in it. */
const run = fc.record({
  offset: fc.nat(9),
  length: fc.nat(600),
  filler: fc.constantFrom(0x20, 0x21, 0x23, 0x41, 0x5b, 0x5d, 0x7f, 0x80, 0xff, 0x9f, 0xa2, 0xdc),
  others: fc.array(fc.tuple(fc.nat(600), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
  at: fc.nat(20),
  cut: fc.nat(20),
}).map(({ offset, length, filler, others, at, cut }) => {
  // Quotes around the part must not be found.
  const buffer = new Uint8Array(length + 40).fill(34);
  const bytes = buffer.subarray(offset, offset + length + 20);
  bytes.fill(filler, at, Math.max(at, length - cut));
  for (const [place, byte] of others) if (at + place < length - cut) bytes[at + place] = byte;
  return { bytes, at, end: Math.max(at, length - cut) };
});

test("only plain bytes of a string are skipped", () => {
  let skipped = 0;
  fc.assert(
    fc.property(run, ({ bytes, at, end }) => {
      const stop = skipPlain(bytes, at, end);
      assert.ok(stop >= at && stop <= end);
      assert.ok(!bytes.subarray(at, stop).some(isSpecial));
      // It must reach the word of the first special byte, or the end.
      const first = bytes.subarray(at, end).findIndex(isSpecial);
      const goal = first < 0 ? end : at + first;
      if (end - at >= 128 && goal - at >= 8) assert.ok(goal - stop < 8, `${stop} of ${goal}`);
      skipped += stop - at;
    }),
    { numRuns: 5_000 },
  );
  assert.ok(skipped > 100_000);
});

test("each special byte is found at each position of a word", () => {
  for (let byte = 0; byte < 256; byte++) {
    for (let place = 200; place < 208; place++) {
      const bytes = new Uint8Array(400).fill(0x61);
      bytes[place] = byte;
      const stop = skipPlain(bytes, 1, 400);
      assert.equal(stop > place, !isSpecial(byte), `byte ${byte} at ${place}`);
    }
  }
});

test("a byte is found at the index that indexOf returns", () => {
  fc.assert(
    fc.property(run, fc.integer({ min: 0, max: 255 }), ({ bytes, at, end }, byte) => {
      const index = bytes.subarray(0, end).indexOf(byte, at);
      assert.equal(indexOfByte(bytes, byte, at, end), index);
      const [there = byte] = bytes.subarray(Math.max(at, end - 3), end);
      const thereAt = bytes.subarray(0, end).indexOf(there, at);
      assert.equal(indexOfByte(bytes, there, at, end), thereAt);
    }),
    { numRuns: 5_000 },
  );
});
