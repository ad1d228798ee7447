/** Proves that lengths reckoned without encoding are those of the encoder. */
import assert from "assert";
import fc from "fast-check";
import { fitsInUtf8, utf8Bytes } from "../../lib/base/utf8.ts";

const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom("a", "\u007f", "\u0080", "\u07ff", "\u0800", "\uffff", "\u{1f600}"),
    fc.constantFrom("\ud800", "\udbff", "\udc00", "\udfff"),
  ),
});

Deno.test({
  name: "utf8: utf8Bytes() is what the encoder makes of any text, lone surrogates too",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.equal(utf8Bytes(text), new TextEncoder().encode(text).length);
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "utf8: fitsInUtf8() is exact on both sides of the limit",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(anyText, fc.integer({ min: -3, max: 3 }), (text, more) => {
        assert.equal(fitsInUtf8(text, utf8Bytes(text) + more), more >= 0);
      }),
      { numRuns: 1_000 },
    );
  },
});
