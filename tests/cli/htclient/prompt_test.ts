/** Proves how a line at the prompt is split into words. */
import assert from "assert";
import fc from "fast-check";
import { wordsOf } from "../../../lib/cli/htclient/prompt.ts";
import { anyCharacter } from "../../helpers/json_texts.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("prompt");

/** Lines, each with its words. */
const CASES: Readonly<Record<string, readonly (readonly [string, ...string[]])[]>> = {
  "the last argument is the unchanged rest of the line": [
    ['insert zebra { "weight": 100 }', "insert", "zebra", '{ "weight": 100 }'],
    ["  insert   zebra   1  ", "insert", "zebra", "1"],
    ['query name "fred"', "query", "name", '"fred"'],
    ["query name fred and more", "query", "name", "fred and more"],
    ["lookup two words", "lookup", "two words"],
    ["scan ^a b$", "scan", "^a b$"],
    ["size", "size"],
    ["remove \u00e9\u{1f600}", "remove", "\u00e9\u{1f600}"],
  ],
  "a word in double quotes is read as a JSON string": [
    ['lookup "a b"', "lookup", "a b"],
    ['lookup "\\u0061\\n"', "lookup", "a\n"],
    ['lookup ""', "lookup", ""],
    ['insert "my key" [1]', "insert", "my key", "[1]"],
    ['insert "with \\"quotes\\"" "value"', "insert", 'with "quotes"', '"value"'],
    ['scan "a b"', "scan", "a b"],
  ],
  "a quote that does not begin a JSON string is a quote": [
    ['lookup "open', "lookup", '"open'],
    ['lookup "a" "b"', "lookup", '"a" "b"'],
    ['lookup {"a":1}', "lookup", '{"a":1}'],
  ],
  "an empty line has no words, and a missing argument adds none": [
    ...[[""], ["   "], ["\t"]] as const,
    ...[["insert", "insert"], ["insert k", "insert", "k"], ["lookup   ", "lookup"]] as const,
  ],
  "unknown commands are split like others": ["explode", "__proto__", "constructor", "toString"]
    .map((name) => [`${name} a b`, name, "a b"] as const),
};

for (const [name, cases] of Object.entries(CASES)) {
  test(name, () => {
    for (const [line, ...words] of cases) assert.deepEqual(wordsOf(line), words, line);
  });
}

test("any key and value can be typed", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), fc.jsonValue(), (key, value) => {
    const typed = `insert ${JSON.stringify(key)} ${JSON.stringify(value)}`;
    assert.deepEqual(wordsOf(typed), ["insert", key, JSON.stringify(value)]);
    assert.deepEqual(wordsOf(`remove ${JSON.stringify(key)}`), ["remove", key]);
  }));
});
