/** Proves that whatever came can be put into a message: short, on one line, safe to print. */
import assert from "assert";
import fc from "fast-check";
import { plainLine, plainLines, quoted } from "../../lib/base/quoted.ts";

Deno.test({
  name: "quoted: a short text is shown whole, in quotes",
  permissions: "none",
  fn() {
    assert.equal(quoted("zebra"), '"zebra"');
    assert.equal(quoted(""), '""');
    assert.equal(quoted('a"b\\c'), '"a\\"b\\\\c"');
    assert.equal(quoted("x".repeat(60)), `"${"x".repeat(60)}"`);
  },
});

Deno.test({
  name: "quoted: of a long text only the beginning is shown, and that there is more",
  permissions: "none",
  fn() {
    assert.equal(quoted("x".repeat(61)), `"${"x".repeat(60)}..."`);
    assert.equal(quoted("y".repeat(1_000_000)).length, 65);
  },
});

Deno.test({
  name: "quoted: no control character of any kind comes through to a terminal",
  permissions: "none",
  fn() {
    for (let code = 0; code < 0xa0; code++) {
      const shown = quoted(`a${String.fromCharCode(code)}b`);
      assert.doesNotMatch(shown, /\p{Cc}/u, `of character ${code}`);
    }
  },
});

Deno.test({
  name: "quoted: plain lines keep their ends, a plain line has none",
  permissions: "none",
  fn() {
    const text = "a\x1b[31m\tb\r\n\x9b\u2028\u2029\x7fc \u00e4\u2588";
    assert.equal(plainLines(text), "a?[31m?b?\n????c \u00e4\u2588");
    assert.equal(plainLine(text), "a [31m b      c \u00e4\u2588");
  },
});

Deno.test({
  name: "quoted: bounded, on one line and JSON, whatever came",
  permissions: "none",
  fn() {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const shown = quoted(text);
      assert.ok(shown.length <= 60 * 6 + 5);
      assert.doesNotMatch(shown, /[\r\n]/);
      assert.ok(text.startsWith(JSON.parse(shown).replace(/\.\.\.$/, "").slice(0, 60)));
    }));
  },
});
