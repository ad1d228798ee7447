/** Proves that hexadecimal numbers in bytes are those of `toString(16)`. */
import assert from "assert";
import fc from "fast-check";
import { isHex32, MAX_HEX_DIGITS, readHex, writeHex, writeHex32 } from "../../lib/bytes/hex.ts";
import { utf8 } from "../helpers/streams.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("hex");

/** The text that `write` writes at index 2; the bytes around it must not change. */
function written(write: (bytes: Uint8Array, at: number) => number): string {
  const bytes = utf8("-".repeat(20));
  const end = write(bytes, 2);
  const text = new TextDecoder().decode(bytes);
  assert.equal(text, `--${text.slice(2, end)}`.padEnd(20, "-"));
  return text.slice(2, end);
}

test("numbers of all lengths, written and read", () => {
  const edges = Array.from({ length: 54 }, (_, bits) => [2 ** bits - 1, 2 ** bits]).flat()
    .filter(Number.isSafeInteger);
  const anyNumber = fc.oneof(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.constantFrom(...edges));
  const check = (value: number) => {
    const text = written((bytes, at) => writeHex(bytes, at, value));
    assert.equal(text, value.toString(16));
    assert.ok(text.length <= MAX_HEX_DIGITS);
    assert.equal(readHex(utf8(`f${text}f`), 1, 1 + text.length), value);
  };
  for (const value of edges) check(value);
  fc.assert(fc.property(anyNumber, check));
});

test("32 bits with leading zeros, signed or not", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (value, other) => {
      const expected = (value >>> 0).toString(16).padStart(8, "0");
      for (const same of [value, value >>> 0]) {
        assert.equal(written((bytes, at) => writeHex32(bytes, at, same)), expected);
        assert.ok(isHex32(utf8(`x${expected}x`), 1, same));
      }
      assert.equal(isHex32(utf8(expected), 0, other), other === value);
      const hasLetter = /[a-f]/.test(expected);
      assert.equal(isHex32(utf8(expected.toUpperCase()), 0, value), !hasLetter);
    }),
  );
  assert.ok(!isHex32(utf8("0000000"), 0, 0), "one digit too few");
});

test("text that is not a number is NaN", () => {
  for (const text of ["", " ", "g", "A", "1 ", " 1", "-1", "0x1", "1.0"]) {
    assert.ok(Number.isNaN(readHex(utf8(text), 0, text.length)), text);
  }
});
