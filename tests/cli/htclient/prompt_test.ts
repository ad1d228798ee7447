/** Proves how a line at the prompt is split into words. */
import assert from "assert";
import fc from "fast-check";
import { wordsOf } from "../../../lib/cli/htclient/prompt.ts";
import { anyCharacter } from "../../helpers/json_texts.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("prompt");

test("the last argument is the unchanged rest of the line", () => {
  const cases: [string, ...string[]][] = [
    ['insert zebra { "weight": 100 }', "insert", "zebra", '{ "weight": 100 }'],
    ["  insert   zebra   1  ", "insert", "zebra", "1"],
    ['query name "fred"', "query", "name", '"fred"'],
    ["query name fred and more", "query", "name", "fred and more"],
    ["lookup two words", "lookup", "two words"],
    ["scan ^a b$", "scan", "^a b$"],
    ["size", "size"],
    ["remove \u00e9\u{1f600}", "remove", "\u00e9\u{1f600}"],
  ];
  for (const [line, ...words] of cases) assert.deepEqual(wordsOf(line), words, line);
});

test("a word in double quotes is read as a JSON string", () => {
  const cases: [string, ...string[]][] = [
    ['lookup "a b"', "lookup", "a b"],
    ['lookup "\\u0061\\n"', "lookup", "a\n"],
    ['lookup ""', "lookup", ""],
    ['insert "my key" [1]', "insert", "my key", "[1]"],
    ['insert "with \\"quotes\\"" "value"', "insert", 'with "quotes"', '"value"'],
    ['scan "a b"', "scan", "a b"],
  ];
  for (const [line, ...words] of cases) assert.deepEqual(wordsOf(line), words, line);
});

test("a quote that does not begin a JSON string is a quote", () => {
  assert.deepEqual(wordsOf('lookup "open'), ["lookup", '"open']);
  assert.deepEqual(wordsOf('lookup "a" "b"'), ["lookup", '"a" "b"']);
  assert.deepEqual(wordsOf('lookup {"a":1}'), ["lookup", '{"a":1}']);
});

test("an empty line has no words, and a missing argument adds none", () => {
  for (const line of ["", "   ", "\t"]) assert.deepEqual(wordsOf(line), []);
  assert.deepEqual(wordsOf("insert"), ["insert"]);
  assert.deepEqual(wordsOf("insert k"), ["insert", "k"]);
  assert.deepEqual(wordsOf("lookup   "), ["lookup"]);
});

test("unknown commands are split like others", () => {
  for (const name of ["explode", "__proto__", "constructor", "toString"]) {
    assert.deepEqual(wordsOf(`${name} a b`), [name, "a b"]);
  }
});

test("any key and value can be typed", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), fc.jsonValue(), (key, value) => {
    const typed = `insert ${JSON.stringify(key)} ${JSON.stringify(value)}`;
    assert.deepEqual(wordsOf(typed), ["insert", key, JSON.stringify(value)]);
    assert.deepEqual(wordsOf(`remove ${JSON.stringify(key)}`), ["remove", key]);
  }));
});
