/** Proves that searches agree with a model, and that parts visit lasting keys exactly once. */
import assert from "assert";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { Cursors } from "../../lib/commands/cursors.ts";
import { insertText, removeText } from "../helpers/table_texts.ts";
import { testsOf } from "../helpers/pure.ts";
import { query, scan } from "../engine/requests.ts";
import {
  assertFails,
  found,
  inParts,
  numberedTable,
  pairsOf,
  searchText,
  sorted,
  tableOf,
} from "./searches.ts";

const test = testsOf("scan");

const key = fc.string({ unit: fc.constantFrom("a", "b", "\u00e9", '"', "\n"), maxLength: 4 });
const plain = { noNullPrototype: true };
const object = fc.dictionary(key, fc.constantFrom(1, "1", null, true), plain);
const table = fc.dictionary(key, fc.oneof(fc.constantFrom(1, "x", null, [1]), object), plain);

test("a scan returns the pairs whose key matches the regex, whole and in parts", () => {
  const regex = fc.constantFrom("", "a", "^a", "b$", "ab|\u00e9", "^$", "(?s)a.b");
  fc.assert(fc.property(table, regex, fc.integer({ min: 1, max: 5 }), (content, regex, limit) => {
    const all = Object.entries(content);
    const stored = tableOf(all.map(([key, value]) => [key, JSON.stringify(value)]));
    const expected = sorted(
      all.filter(([key]) => new RegExp(regex.replace("(?s)", ""), "su").test(key)),
    );
    const whole = found(stored, scan(regex));
    assert.equal(whole.cursor, undefined);
    assert.deepEqual(sorted(pairsOf(whole)), expected);
    assert.deepEqual(sorted(inParts(stored, scan(regex, { limit }))), expected);
  }));
});

test("a key is matched by its characters, not by its canonical text", () => {
  const unit = fc.constantFrom(
    ...'ab0 n"\\/\b\n\u0000\u007f\u00e9\u4e2d\ufffd\u{1f600}\u2028'.split(/(?:)/u),
    "\ud83d", // a lone surrogate, or one character with the next key's
    "\ude00",
  );
  const keys = fc.array(fc.string({ unit, maxLength: 30 }), { maxLength: 20 });
  const regex = fc.constantFrom(
    ...'^$ ^.$ ^..$ a b$ n u0000 u d83d \\\\ \\\\n " / \\n \\x00 \\s \\S{3} \\W \\b. .\\b \\B'
      .split(" "),
    ..."[^a] ^[\\x00-\\x{ffff}]*$ \u00e9 (?i)\u00c9 \u4e2d|\ufffd \u{1f600} \\x{1f600}$ (?i)A.*B"
      .split(" "),
    "[\ud800-\udfff]",
    "\ud83d",
    "\ude00$",
    "(a|b)+?0",
    "(?s)a.b",
  );
  fc.assert(
    fc.property(keys, regex, (keys, regex) => {
      const stored = tableOf(keys.map((key) => [key, "0"]));
      const re2 = RE2JS.compile(regex);
      const expected = [...new Set(keys)].filter((key) => re2.test(key));
      const pairs = pairsOf(found(stored, scan(regex)));
      assert.deepEqual(pairs.map(([key]) => key).sort(), expected.sort());
    }),
    { numRuns: 1_000 },
  );
});

test("a query returns the objects with that member, whole and in parts", () => {
  const atom = fc.constantFrom<unknown>(1, "1", null, true, "x");
  fc.assert(
    fc.property(table, key, atom, fc.integer({ min: 1, max: 5 }), (content, name, atom, limit) => {
      const all = Object.entries(content);
      const stored = tableOf(all.map(([key, value]) => [key, JSON.stringify(value)]));
      const isWanted = (value: unknown) =>
        typeof value === "object" && value !== null && !Array.isArray(value) &&
        Object.hasOwn(value, name) && (value as Record<string, unknown>)[name] === atom;
      const expected = sorted(all.filter(([, value]) => isWanted(value)));
      const request = query(name, JSON.stringify(atom), { limit });
      const whole = found(stored, { ...request, limit: undefined });
      assert.deepEqual(sorted(pairsOf(whole)), expected);
      assert.deepEqual(sorted(inParts(stored, request)), expected);
    }),
  );
});

test("values keep their text, and keys become JSON", () => {
  const stored = tableOf([['a"\n\ud800', '{ "x" : 1.0 }']]);
  const text = '[["a\\"\\n\\ud800",{ "x" : 1.0 }]]';
  const scanned = found(stored, scan(""));
  assert.deepEqual(scanned, { result: text, bytes: text.length });
  const queried = found(stored, query("x", "10e-1"));
  assert.equal(queried.result, text);
});

test("parts visit each lasting key exactly once, with any changes in between", () => {
  const change = fc.tuple(fc.constantFrom("insert", "remove", "replace"), fc.nat(500));
  const changes = fc.array(fc.array(change, { maxLength: 200 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), changes, fc.nat(500), (limit, rounds, count) => {
      const stored = numberedTable(count);
      const lasting = new Set<string>();
      for (let i = 0; i < count; i += 2) lasting.add(`k${i}`);
      let round = 0;
      const pairs = inParts(stored, scan("^k", { limit }), () => {
        // A finite number of rounds: a walk may last as long as keys are inserted.
        for (const [what, at] of rounds[round++] ?? []) {
          const passing = `k${2 * at + 1}`;
          if (what === "insert") insertText(stored, passing, "0");
          else if (what === "remove") removeText(stored, passing);
          else if (lasting.has(`k${at}`)) insertText(stored, `k${at}`, '"replaced"');
        }
      });
      const met = pairs.map(([key]) => key).filter((key) => lasting.has(key));
      assert.equal(new Set(met).size, met.length, "none twice");
      assert.equal(met.length, lasting.size, "none missed");
    }),
    { numRuns: 100 },
  );
});

test("a limit above the number of keys gives one part without a cursor, a lower one gives two", () => {
  const stored = numberedTable(10);
  assert.equal(found(stored, scan("", { limit: 11 })).cursor, undefined);
  const cursors = new Cursors();
  const first = found(stored, scan("", { limit: 9 }), cursors);
  assert.equal(pairsOf(first).length, 9);
  const second = found(stored, scan("", { limit: 9, cursor: first.cursor }), cursors);
  assert.equal(pairsOf(second).length, 1);
  assert.equal(second.cursor, undefined);
});

test("the limit may change between parts", () => {
  const stored = numberedTable(10), cursors = new Cursors();
  const first = found(stored, scan("", { limit: 1 }), cursors);
  const rest = found(stored, scan("", { limit: 100, cursor: first.cursor }), cursors);
  assert.equal(pairsOf(first).length + pairsOf(rest).length, 10);
});

test("an invalid regex is a ValueError that names member, rule and value", () => {
  const failure = searchText(numberedTable(1), scan("("));
  assertFails(failure, "ValueError", "'regex'", '"("', "a ( has no )");
  assertFails(searchText(numberedTable(1), scan("a".repeat(20_000))), "ValueError", "2000");
});
