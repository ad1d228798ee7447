/** Proves that a record is applied as the request that made the change, in every form of a request. */
import assert from "assert";
import fc from "fast-check";
import { applyChange } from "../../../lib/storage/recovery/apply_change.ts";
import { LogRecord } from "../../../lib/storage/log/log_record.ts";
import { HashTable } from "../../../lib/table/hash_table.ts";
import { joined, utf8 } from "../../helpers/streams.ts";
import { insertText, pairsOf } from "../../helpers/table_texts.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `apply_change: ${name}`, permissions: "none", fn });
}

/** Keys with characters that need an escape, and others. */
const anyKey = fc.string({
  unit: fc.constantFrom(...'ab"\\/\n\u007f\u00e4\u2028\u{1d11e}', "\ud800", "\udc00"),
});

/** Applies the change with this JSON in the middle of a larger buffer. */
function apply(table: HashTable, json: string): boolean {
  const before = utf8('{"method":"remove","key":"a'), behind = utf8('"}}],1]}');
  const jsonBytes = utf8(json);
  const record = Object.assign(new LogRecord(), {
    bytes: joined([before, jsonBytes, behind]),
    jsonStart: before.length,
    jsonEnd: before.length + jsonBytes.length,
  });
  return applyChange(table, record);
}

/** Applies a change to a table with the key "a", and returns its pairs. */
function after(json: string): { isChange: boolean; pairs: [string, string][] } {
  const table = new HashTable();
  insertText(table, "a", "0");
  const isChange = apply(table, json);
  return { isChange, pairs: [...pairsOf(table)] };
}

test("every form of a request is applied", () => {
  const forms: readonly (readonly [json: string, key: string, value: string])[] = [
    ['{"method":"insert","key":"\\u00e4\\"\\\\","value":1}', '\u00e4"\\', "1"],
    ['{"method":"insert","key":"\\u0061","value":1}', "a", "1"],
    ['{"method":"insert","key":"\\ud800","value":1}', "\ud800", "1"],
    ['{"method":"insert","key":"\u00e4","value":1 }', "\u00e4", "1"],
    ['{"method":"insert","key":"b","value": 1}', "b", "1"],
    ['{"method":"insert","key":"","value":{"x": 1e2}}', "", '{"x": 1e2}'],
    ['{"method":"insert","key":"a","value":[1.0]}', "a", "[1.0]"],
    ['{"method":"insert","key":"b" ,"value":1}', "b", "1"],
    ['{"method":"insert","key":"b","value":1,"value":2}', "b", "2"],
    ['{"method":"insert","key":"b","value":1,"key":"c"}', "c", "1"],
    ['{"method":"insert","key":"b","value":{"method":"remove","key":"a"},"id":1}', "b", ""],
    ['{"value":1,"key":"b","method":"insert"}', "b", "1"],
  ];
  for (const [json, key, value] of forms) {
    const { isChange, pairs } = after(json);
    assert.ok(isChange, json);
    const expected = new Map([["a", "0"]]);
    expected.set(key, value === "" ? '{"method":"remove","key":"a"}' : value);
    assert.deepEqual(pairs, [...expected], json);
  }
});

test("a text that is no change does not change the table", () => {
  for (
    const json of [
      "",
      "null",
      '{"method":"lookup","key":"a"}',
      '{"method":"insert","key":"a"}',
      '{"method":"insert","key":"a","other":1}',
      '{"method":"insert","key":"a","value":}',
      '{"method":"insert","key":"a","value":1',
      '{"method":"insert","key":"a","value":1]',
      '{"method":"insert","key":"a","value":1}}',
      '{"method":"insert","key":"a","value":1}1',
      '{"method":"insert","key":"a","value":01}',
      '{"method":"insert","key":"a\u0001","value":1}',
      '{"method":"insert","key":"a\\x","value":1}',
      '{"method":"insert","key":"a',
      '{"method":"insert","key":"',
      '{"method":"insert","key":1,"value":1}',
      '{"method":"remove","key":"a',
    ]
  ) {
    assert.deepEqual(after(json), { isChange: false, pairs: [["a", "0"]] }, json);
  }
});

test("every text is applied as `JSON.parse` reads it", () => {
  const piece = fc.constantFrom(
    ...['{"method":"insert","key":"', '","value":', "}", "{", "[", "]", '"', "\\", "a", "1", " "],
    ...[",", '{"method":"remove","key":"', '"}'],
  );
  const insert = fc.tuple(anyKey, fc.json()).map(([key, value]) =>
    `{"method":"insert","key":${JSON.stringify(key)},"value":${value}}`
  );
  const remove = fc.constantFrom("a", "b").map((key) => `{"method":"remove","key":"${key}"}`);
  const garbage = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  const text = fc.oneof(garbage, insert, remove);
  fc.assert(
    fc.property(text, (json) => {
      const { isChange, pairs } = after(json);
      const change = changeIn(json);
      assert.equal(isChange, change !== undefined);
      const expected = new Map([["a", "0"]]);
      if (change?.method === "insert") expected.set(change.key, JSON.stringify(change.value));
      else if (change) expected.delete(change.key);
      const normal = pairs.map(([key, value]) => [key, JSON.stringify(JSON.parse(value))]);
      assert.deepEqual(normal, [...expected]);
    }),
    { numRuns: 300 },
  );
});

/** Parses a change with `JSON.parse`. */
function changeIn(json: string): { method: string; key: string; value?: unknown } | undefined {
  let change: { method?: unknown; key?: unknown; value?: unknown };
  try {
    change = Object(JSON.parse(json));
  } catch {
    return undefined;
  }
  const { method, key, value } = change;
  if (typeof key !== "string") return undefined;
  if (method === "remove") return { method, key };
  return method === "insert" && value !== undefined ? { method, key, value } : undefined;
}
