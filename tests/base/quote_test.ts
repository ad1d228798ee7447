/** Proves that any text can be a part of a message: short, on one line, safe for a terminal. */
import assert from "assert";
import fc from "fast-check";
import { plainLine, plainLines, quoted } from "../../lib/base/quote.ts";
import { anyCharacter } from "../helpers/json_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("quoted");

test("a short text is complete, in quotes", () => {
  assert.equal(quoted("zebra"), '"zebra"');
  assert.equal(quoted(""), '""');
  assert.equal(quoted('a"b\\c'), '"a\\"b\\\\c"');
  assert.equal(quoted("x".repeat(60)), `"${"x".repeat(60)}"`);
});

test("a long text is cut, and the cut is marked", () => {
  assert.equal(quoted("x".repeat(61)), `"${"x".repeat(60)}..."`);
  assert.equal(quoted("y".repeat(1_000_000)).length, 65);
});

test("no control character reaches a terminal", () => {
  for (let code = 0; code < 0xa0; code++) {
    const shown = quoted(`a${String.fromCharCode(code)}b`);
    assert.doesNotMatch(shown, /\p{Cc}/u, `of character ${code}`);
  }
});

test("plainLines keeps line ends, plainLine has none", () => {
  const text = "a\x1b[31m\tb\r\n\x9b\u2028\x7fc \u00e4\u2588";
  assert.equal(plainLines(text), "a\\u001b[31m\tb \n\\u009b\\u2028\\u007fc \u00e4\u2588");
  assert.equal(plainLine(text), "a\\u001b[31m b  \\u009b\\u2028\\u007fc \u00e4\u2588");
});

test("fault: raw control characters on a terminal: all are escaped, and JSON stays the same", () => {
  const between = fc.constantFrom("", " ", "\t", "\r", " \r\t");
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), between, (text, white) => {
    const raw = Array.from(
      text,
      (one) => one < " " || one === '"' || one === "\\" ? JSON.stringify(one).slice(1, -1) : one,
    );
    const json = `${white}[${white}"${raw.join("")}"${white},1${white}]${white}`;
    const shown = plainLines(json);
    assert.doesNotMatch(shown.replace(/\t/g, ""), /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
    assert.deepEqual(JSON.parse(shown), [text, 1]);
  }));
  const bidi = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
  for (const one of [...bidi, "\x7f", "\x80", "\x9b", "\x9f", "\x1b", "\u2028"]) {
    for (const shown of [quoted(one), plainLine(one), plainLines(one)]) {
      assert.ok(!shown.includes(one), JSON.stringify(one));
    }
  }
  // Marks that ordinary text needs are kept.
  for (const one of ["\u200d", "\u0301", "\u05d0"]) assert.equal(plainLines(one), one);
});

test("any text becomes bounded, one line and JSON", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), (text) => {
    const shown = quoted(text);
    assert.ok(shown.length <= 60 * 6 + 5);
    assert.doesNotMatch(shown, /[\r\n]/);
    assert.ok(text.startsWith(JSON.parse(shown).replace(/\.\.\.$/, "").slice(0, 60)));
  }));
});
