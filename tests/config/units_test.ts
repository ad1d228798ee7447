/** Proves the readers of flag values: whole numbers, sizes and seconds; and the errors for wrong values. */
import assert from "assert";
import fc from "fast-check";
import { type FlagReader, integer, seconds, size, sizeText } from "../../lib/config/units.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("units");

function assertRejected(read: FlagReader<number>, texts: readonly string[], rule: RegExp): void {
  for (const text of texts) {
    assert.throws(() => read(text), { message: rule }, `'${text}' was accepted`);
  }
}

test("whole numbers within their bounds", () => {
  const read = integer(1, 100);
  assert.deepEqual(["1", "100", "007"].map(read), [1, 100, 7]);
  const bad = ["", " 5", "5 ", ..."0 101 -1 +1 1.5 1e2 0x10 five NaN \u0663".split(" ")];
  assertRejected(read, bad, /a whole number from 1 to 100/);
  assertRejected(integer(5), ["4", "99999999999999999999"], /a whole number of at least 5/);
});

test("sizes in powers of 1,000, in any case, with fractions", () => {
  const read = size(0, 1e12);
  const cases = {
    ...{ "0": 0, "17": 17, "17B": 17, "1KB": 1_000, "500MB": 500_000_000, "2GB": 2_000_000_000 },
    ...{ "1.5kb": 1_500, "16 MB": 16_000_000, "4.001KB": 4_001, "16.1MB": 16_100_000 },
    ...{ "1.005KB": 1_005, "0.000001MB": 1 },
  };
  for (const [text, bytes] of Object.entries(cases)) assert.equal(read(text), bytes, text);
});

test("every whole number of bytes may be written with a fraction", () => {
  const read = size(0, 1e12);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), fc.constantFrom(3, 6, 9), (bytes, places) => {
      const digits = String(bytes).padStart(places + 1, "0");
      const text = `${digits.slice(0, -places)}.${digits.slice(-places)}`;
      assert.equal(read(text + { 3: "KB", 6: "MB", 9: "GB" }[places]), bytes, text);
    }),
    { numRuns: 1_000 },
  );
});

test("a text that is not a size, or is out of bounds, is rejected with the rule", () => {
  const bad = ["", ..."MB 5TB 5MiB -5MB 1e3 1,5MB 5M .5MB 5.MB 0x5 5MB5".split(" ")];
  assertRejected(size(0), bad, /a size such as 500MB/);
  assertRejected(size(4_000, 256e6), ["3999", "3.9KB", "257MB", "0"], /from 4KB to 256MB/);
  assertRejected(size(0), ["0.5", "1.0001KB"], /must be/);
});

test("seconds with fractions, within their bounds", () => {
  const read = seconds(0.05, 86_400);
  assert.deepEqual(["0.05", "0.5", "60", "86400", "1.25"].map(read), [0.05, 0.5, 60, 86_400, 1.25]);
  const bad = ["", " 1", ..."0 0.04 86401 -1 1s .5 5. 1e1 Infinity NaN 1,5".split(" ")];
  assertRejected(read, bad, /seconds from 0\.05 to 86400, such as 0\.5/);
});

test("sizes are written in the largest unit, and read back", () => {
  const texts = [0, 999, 1_000, 1_500, 256e6, 2.5e9].map(sizeText);
  assert.deepEqual(texts, ["0B", "999B", "1KB", "1.5KB", "256MB", "2.5GB"]);
  fc.assert(fc.property(fc.integer({ min: 0, max: 999_999 }), (bytes) => {
    assert.equal(size(0)(sizeText(bytes)), bytes);
  }));
});
