/**
 * Proves that the table is a map with an exact size and cost, and that a walk over its slots in parts
 * visits every lasting key exactly once, with any changes in between.
 */
import assert from "assert";
import fc from "fast-check";
import { Arena } from "../../lib/bytes/arena.ts";
import { spanOf, textAt } from "../../lib/bytes/span.ts";
import { Entry, HashTable } from "../../lib/table/hash_table.ts";
import { testsOf } from "../helpers/pure.ts";
import {
  addressOf,
  insertText,
  keyText,
  lookupText,
  pairAt,
  pairsOf,
  removeText,
  slotOf,
} from "../helpers/table_texts.ts";
import {
  byteLength,
  CONSTANT_BYTES,
  keys,
  masks,
  ODD_KEYS,
  values,
  WeakHash,
} from "./odd_tables.ts";

const test = testsOf("hash_table");

test("behaves like a map under any changes", () => {
  const operation = fc.tuple(fc.constantFrom("insert", "insert", "remove", "lookup"), keys, values);
  fc.assert(
    fc.property(masks, fc.array(operation, { maxLength: 80, size: "max" }), (mask, operations) => {
      const arena = new Arena();
      const table = new HashTable(arena, new WeakHash(mask));
      const model = new Map<string, string>();
      for (const [what, key, value] of operations) {
        if (what === "insert") {
          const bytes = table.bytes, slot = slotOf(table, key), address = addressOf(table, key);
          const cost = table.costOf(address, byteLength(keyText(key)), byteLength(value));
          assert.deepEqual([address !== 0, slot >= 0], [model.has(key), model.has(key)]);
          insertText(table, key, value);
          assert.ok(slot < 0 || slotOf(table, key) === slot, "it keeps its slot");
          assert.equal(table.bytes - bytes, cost, "costOf() was right");
          model.set(key, value);
        } else if (what === "remove") {
          assert.equal(removeText(table, key), model.get(key));
          model.delete(key);
        }
        assert.equal(lookupText(table, key), model.get(key));
        assert.equal(table.size, model.size);
      }
      assert.deepEqual(pairsOf(table), model);
      for (const [key, value] of model) assert.equal(lookupText(table, key), value);
      for (const key of model.keys()) assert.ok(removeText(table, key) !== undefined);
      assert.deepEqual([table.size, table.bytes, table.slotsUsed], [0, 0, 0]);
      assert.equal(arena.usedBytes, 0, "all memory is released");
    }),
    { numRuns: 300 },
  );
});

test("any string is a key", () => {
  const table = new HashTable();
  for (const key of ODD_KEYS) assert.equal(lookupText(table, key), undefined);
  ODD_KEYS.forEach((key, at) => insertText(table, key, String(at)));
  assert.equal(table.size, ODD_KEYS.length);
  ODD_KEYS.forEach((key, at) => assert.equal(lookupText(table, key), String(at)));
  ODD_KEYS.forEach((key, at) => assert.equal(removeText(table, key), String(at)));
  assert.equal(table.bytes, 0);
});

test("keys are compared by their bytes, at any position in a buffer, and copied", () => {
  const table = new HashTable();
  const { bytes } = spanOf("abcdefgh");
  const key = { bytes, start: 2, end: 4 }, value = { bytes, start: 3, end: 7 };
  const hash = table.hashOf(bytes, 2, 4);
  table.set(0, hash, key, value);
  bytes.fill(120);
  assert.equal(lookupText(table, "cd"), "defg");
  assert.equal(lookupText(table, "c"), undefined);
  assert.equal(lookupText(table, "cde"), undefined);
  const elsewhere = spanOf("xxxxxcdxx");
  assert.equal(table.hashOf(elsewhere.bytes, 5, 7), hash);
  assert.equal(table.find(hash, elsewhere.bytes, 5, 7), addressOf(table, "cd"));
});

test("read finds key and value, and free slots", () => {
  const table = new HashTable();
  insertText(table, "a", "1");
  insertText(table, "\u4e2d", "[22]");
  const slot = slotOf(table, "\u4e2d");
  const entry = new Entry();
  assert.equal(table.read(slot, entry), true);
  assert.equal(textAt(entry.bytes, entry.keyStart, entry.keyEnd), "\u4e2d");
  assert.equal(textAt(entry.bytes, entry.keyEnd, entry.valueEnd), "[22]");
  removeText(table, "\u4e2d");
  assert.equal(table.read(slot, entry), false);
});

test("a slot beyond the used ones is an error", () => {
  const table = new HashTable();
  assert.throws(() => table.read(0, new Entry()), RangeError);
  insertText(table, "a", "1");
  for (const slot of [1, 4_095, 4_096, -1, 2 ** 31]) {
    assert.throws(() => table.read(slot, new Entry()), RangeError);
  }
});

test("the counted bytes cover the allocated ones, and are not much more", () => {
  const arena = new Arena();
  const table = new HashTable(arena);
  const check = (what: string) => {
    const used = arena.usedBytes, counted = table.bytes;
    assert.ok(used <= counted * 1.02 + CONSTANT_BYTES, `${what}: ${used} used, ${counted}`);
    assert.ok(used >= counted * 0.85, `${what}: ${used} used, ${counted} counted`);
  };
  for (let i = 0; i < 60_000; i++) {
    insertText(table, `key ${i}`, "v".repeat(i % 50));
    if (i % 1_000 === 999) check(`after ${i + 1} inserts`);
  }
  for (let i = 0; i < 60_000; i += 2) insertText(table, `key ${i}`, "v".repeat(i % 300));
  check("after replacing half");
  for (let i = 0; i < 59_000; i++) {
    removeText(table, `key ${i * 7_919 % 60_000}`);
    if (i % 1_000 === 999) check(`after ${i + 1} removals`);
  }
  for (let i = 0; i < 60_000; i++) insertText(table, `key ${i}`, "1");
  check("after filling it again");
});

test("a key keeps its slot, and free slots are used again", () => {
  const table = new HashTable();
  for (let i = 0; i < 10_000; i++) insertText(table, `k${i}`, "1");
  const slot = slotOf(table, "k5000");
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 4_000; i++) removeText(table, `k${i}`);
    for (let i = 0; i < 4_000; i++) insertText(table, `k${i}`, "2");
    insertText(table, "k5000", `value ${round}`);
  }
  assert.equal(slotOf(table, "k5000"), slot);
  assert.equal(pairAt(table, slot)?.[0], "k5000");
  assert.equal(table.slotsUsed, 10_000);
});

test("a walk in parts visits each lasting key exactly once, and others at most as often as they were inserted", () => {
  const change = fc.record({ insert: fc.boolean(), key: fc.nat(6_000) });
  const piece = fc.record({ slots: fc.integer({ min: 1, max: 3_000 }), changes: fc.array(change) });
  fc.assert(
    fc.property(fc.nat(6_000), fc.array(piece, { maxLength: 20 }), (lastingKeys, pieces) => {
      const table = new HashTable();
      const lasting = new Set<string>();
      for (let i = 0; i < lastingKeys; i++) {
        insertText(table, `lasting ${i}`, "1");
        lasting.add(`lasting ${i}`);
        if (i % 3 === 0) insertText(table, `passing ${i}`, "1");
        if (i % 5 === 0) removeText(table, `passing ${i - 3}`);
      }
      const met: string[] = [];
      let at = 0;
      const walk = (slots: number) => {
        for (const end = Math.min(at + slots, table.slotsUsed); at < end; at++) {
          const key = pairAt(table, at)?.[0];
          if (key !== undefined && lasting.has(key)) met.push(key);
        }
      };
      for (const { slots, changes } of pieces) {
        walk(slots);
        for (const { insert, key } of changes) {
          if (insert) insertText(table, `passing ${key}`, "2");
          else removeText(table, `passing ${key}`);
          if (key < lastingKeys) insertText(table, `lasting ${key}`, '"replaced"');
        }
      }
      walk(Infinity);
      assert.equal(new Set(met).size, met.length, "none twice");
      assert.deepEqual(new Set(met), lasting, "none missed");
    }),
    { numRuns: 40 },
  );
});
