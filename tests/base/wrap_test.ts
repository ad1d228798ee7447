/** Proves that text is broken between words, and that no word is lost. */
import assert from "assert";
import fc from "fast-check";
import { wrap } from "../../lib/base/wrap.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("wrap");

test("a line is broken between words, and its further lines have the indent", () => {
  assert.equal(wrap("one two three four", 9), "one two\nthree\nfour");
  assert.equal(wrap("- one two three", 9, "  "), "- one two\n  three");
  assert.equal(wrap("  indented line of text", 12), "  indented\nline of text");
  assert.equal(wrap("", 5), "");
});

test("lines that fit stay as they are, and a long word stays whole", () => {
  assert.equal(wrap("a   b\n\n  c", 7), "a   b\n\n  c");
  assert.equal(wrap("see /a/long/path now", 8), "see\n/a/long/path\nnow");
});

test("no line is too long, and all words remain in order", () => {
  const word = fc.stringMatching(/^[a-z,.]{1,12}$/);
  fc.assert(fc.property(fc.array(word), fc.integer({ min: 16, max: 100 }), (words, width) => {
    const lines = wrap(words.join(" "), width, "    ").split("\n");
    assert.deepEqual(lines.flatMap((line) => line.trim().split(" ")).filter(Boolean), words);
    for (const line of lines) assert.ok(line.length <= width, `${line.length} of ${width}`);
  }));
});
