/** Proves that checksums are those of zip, for any length and position of the bytes. */
import assert from "assert";
import fc from "fast-check";
import { crc32 as nativeCrc32 } from "node:zlib";
import { crc32 } from "../../lib/bytes/crc32.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("crc32");

test("any part of any bytes, compared with zlib", () => {
  const bytes = fc.uint8Array({ maxLength: 400, size: "max" });
  fc.assert(
    fc.property(bytes, fc.nat(400), fc.nat(400), (bytes, a, b) => {
      const start = Math.min(a, b, bytes.length), end = Math.min(Math.max(a, b), bytes.length);
      const expected = nativeCrc32(bytes.subarray(start, end));
      assert.equal(crc32(bytes, start, end), expected | 0);
    }),
    { numRuns: 1_000 },
  );
});

test("every length below 300, and long ones", () => {
  const bytes = Uint8Array.from({ length: 100_003 }, (_, at) => (at * 7919) >> 3 & 255);
  const lengths = [...Array.from({ length: 300 }, (_, length) => length), 1_000, 100_000];
  for (const length of lengths) {
    const expected = nativeCrc32(bytes.subarray(3, 3 + length));
    assert.equal(crc32(bytes, 3, 3 + length), expected | 0, `${length} bytes`);
  }
});
