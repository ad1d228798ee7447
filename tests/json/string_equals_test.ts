/** Proves that a literal equals the string that JSON.parse reads from it, and no other one. */
import assert from "assert";
import fc from "fast-check";
import { stringEquals, unitAt } from "../../lib/json/string_equals.ts";
import { stringLiteral } from "../helpers/json_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("string_equals");

const encoder = new TextEncoder();

/** Compares in the middle of a buffer, with characters behind the literal. */
function isEqual(literal: string, characters: string): boolean {
  const before = encoder.encode('"\\'), bytes = encoder.encode(literal);
  const buffer = Uint8Array.of(...before, ...bytes, ...encoder.encode('a"'));
  return stringEquals(buffer, before.length, before.length + bytes.length, characters);
}

test("each literal equals the string that JSON.parse reads, and no other one", () => {
  const literal = stringLiteral.map((text) => text.toWellFormed());
  fc.assert(
    fc.property(literal, literal, fc.nat(), (literal, other, place) => {
      const own: string = JSON.parse(literal), at = place % (own.length + 1);
      assert.ok(isEqual(literal, own));
      assert.equal(isEqual(other, own), JSON.parse(other) === own);
      assert.ok(!isEqual(literal, `${own}a`));
      assert.ok(!isEqual(literal, own.slice(0, at) + "\u0001\u0002" + own.slice(at)));
      if (at < own.length) {
        assert.ok(!isEqual(literal, own.slice(0, at) + own.slice(at + 1) + "\uffff"));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("each character is found raw and as an escape", () => {
  for (let code = 0; code <= 0xffff; code += code < 0x300 ? 1 : 61) {
    const character = String.fromCharCode(code);
    const escape = `"\\u${code.toString(16).padStart(4, "0")}"`;
    const notations = [escape, escape.toUpperCase().replace("U", "u")];
    if (character.isWellFormed()) notations.push(JSON.stringify(character));
    for (const literal of notations) {
      assert.ok(isEqual(literal, character), literal);
      assert.ok(!isEqual(literal, String.fromCharCode(code ^ 1)), literal);
    }
    assert.equal(unitAt(encoder.encode(escape), 1), code);
  }
  assert.ok(isEqual('"\\/\\\\\\"\\b\\f\\n\\r\\t"', '/\\"\b\f\n\r\t'));
});

test("characters outside of the basic plane are one sequence or two escapes", () => {
  assert.ok(isEqual('"\u{1f600}"', "\u{1f600}"));
  assert.ok(isEqual('"\\ud83d\\ude00"', "\u{1f600}"));
  assert.ok(isEqual('"\\ud83d"', "\ud83d"));
  assert.ok(!isEqual('"\\ud83d"', "\u{1f600}"));
  assert.ok(!isEqual('"\u{1f600}"', "\ud83d"));
  assert.ok(!isEqual('"\u{1f600}"', "\u{1f601}"));
});
