/**
 * Proves that the table is a map that knows its size and cost, and that walking its slots in pieces
 * meets every lasting key exactly once, whatever happens in between.
 */
import assert from "assert";
import fc from "fast-check";
import { HashTable } from "../../lib/table/hash_table.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `hash_table: ${name}`, permissions: "none", fn });
}

const ODD_KEYS = [
  ...["", "__proto__", "constructor", "toString", "\u0000", "\u0000\u0000", "a", "A", "\n"],
  ...["\ud800", "\udc00", "\ud800\ud800", "\ufffd", "\u00e9", "e\u0301", "\u{1f600}", "\u4e2d"],
  "k".repeat(1_000_000),
  "k".repeat(999_999),
];

function pairsOf(table: HashTable): Map<string, string> {
  const pairs = new Map<string, string>();
  for (let slot = 0; slot < table.slotsUsed; slot++) {
    const key = table.keyAt(slot), value = table.valueAt(slot);
    assert.equal(key === undefined, value === undefined, "a slot is free as a whole");
    if (key === undefined || value === undefined) continue;
    assert.ok(!pairs.has(key), "no key has two slots");
    pairs.set(key, value);
  }
  return pairs;
}

/** What a table costs that came to the same pairs on the shortest way. */
function bytesOf(pairs: ReadonlyMap<string, string>): number {
  const table = new HashTable();
  for (const [key, value] of pairs) table.insert(key, value);
  return table.bytes;
}

test("is a map, whatever is done to it", () => {
  const key = fc.oneof(fc.constantFrom(...ODD_KEYS.slice(0, 17)), fc.string({ maxLength: 2 }));
  const value = fc.string({ unit: "binary", maxLength: 20 });
  const operation = fc.tuple(fc.constantFrom("insert", "insert", "remove", "lookup"), key, value);
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const table = new HashTable();
      const model = new Map<string, string>();
      for (const [what, key, value] of operations) {
        if (what === "insert") {
          const cost = table.costOf(key, value);
          const before = table.bytes;
          table.insert(key, value);
          model.set(key, value);
          assert.equal(table.bytes - before, cost, "costOf() tells beforehand");
        } else if (what === "remove") {
          assert.equal(table.remove(key), model.get(key));
          model.delete(key);
        }
        assert.equal(table.lookup(key), model.get(key));
        assert.equal(table.size, model.size);
      }
      assert.deepEqual(pairsOf(table), model);
      assert.equal(table.bytes, bytesOf(model), "the cost does not depend on the history");
      for (const key of model.keys()) table.remove(key);
      table.giveBackSlots();
      assert.deepEqual([table.size, table.bytes, table.slotsUsed], [0, 0, 0]);
    }),
    { numRuns: 500 },
  );
});

test("any string is a key of its own", () => {
  const table = new HashTable();
  for (const key of ODD_KEYS) assert.equal(table.lookup(key), undefined);
  ODD_KEYS.forEach((key, at) => table.insert(key, String(at)));
  assert.equal(table.size, ODD_KEYS.length);
  ODD_KEYS.forEach((key, at) => assert.equal(table.lookup(key), String(at)));
  ODD_KEYS.forEach((key, at) => assert.equal(table.remove(key), String(at)));
  assert.equal(table.bytes, 0);
});

test("an entry costs more than its characters, and two bytes for each beyond Latin-1", () => {
  const table = new HashTable();
  table.insert("k".repeat(100), "v".repeat(1_000));
  const narrow = table.bytes;
  assert.ok(narrow > 1_100 && narrow < 1_400, String(narrow));
  table.insert("k".repeat(100), "\u4e2d".repeat(1_000));
  assert.equal(table.bytes - narrow, 1_000);
  assert.equal(table.costOf("k".repeat(100), "v"), 1 - 2_000);
});

test("a key keeps its slot as long as it lasts, and free slots are used again", () => {
  const table = new HashTable();
  for (let i = 0; i < 10_000; i++) table.insert(`k${i}`, "1");
  const slotOf = (key: string) => {
    for (let slot = 0; slot < table.slotsUsed; slot++) if (table.keyAt(slot) === key) return slot;
    return -1;
  };
  const slot = slotOf("k5000");
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 4_000; i++) table.remove(`k${i}`);
    for (let i = 0; i < 4_000; i++) table.insert(`k${i}`, "2");
    table.insert("k5000", `value ${round}`);
  }
  assert.equal(slotOf("k5000"), slot);
  assert.equal(table.slotsUsed, 10_000);
});

test("a walk in pieces meets each lasting key exactly once, and no other more than it was there", () => {
  const change = fc.record({ insert: fc.boolean(), key: fc.nat(6_000) });
  const piece = fc.record({ slots: fc.integer({ min: 1, max: 3_000 }), changes: fc.array(change) });
  fc.assert(
    fc.property(fc.nat(6_000), fc.array(piece, { maxLength: 20 }), (lastingKeys, pieces) => {
      const table = new HashTable();
      const lasting = new Set<string>();
      for (let i = 0; i < lastingKeys; i++) {
        table.insert(`lasting ${i}`, "1");
        lasting.add(`lasting ${i}`);
        if (i % 3 === 0) table.insert(`passing ${i}`, "1");
        if (i % 5 === 0) table.remove(`passing ${i - 3}`);
      }
      const met: string[] = [];
      let at = 0;
      const walk = (slots: number) => {
        for (const end = Math.min(at + slots, table.slotsUsed); at < end; at++) {
          const key = table.keyAt(at);
          if (key !== undefined && lasting.has(key)) met.push(key);
        }
      };
      for (const { slots, changes } of pieces) {
        walk(slots);
        for (const { insert, key } of changes) {
          if (insert) table.insert(`passing ${key}`, "2");
          else table.remove(`passing ${key}`);
          table.insert(`lasting ${key % (lastingKeys + 1)}`, "replaced");
        }
      }
      walk(Infinity);
      assert.equal(new Set(met).size, met.length, "none twice");
      assert.deepEqual(new Set(met), lasting, "none missed");
    }),
    { numRuns: 60 },
  );
});

test("a walk that outlives its table ends", () => {
  const table = new HashTable();
  for (let i = 0; i < 5_000; i++) table.insert(`k${i}`, "1");
  for (let i = 0; i < 5_000; i++) table.remove(`k${i}`);
  table.giveBackSlots();
  assert.equal(table.slotsUsed, 0);
  table.insert("new", "1");
  assert.equal(table.slotsUsed, 1);
});

test("slots beyond those used are an error, not a wrong answer", () => {
  assert.throws(() => new HashTable().keyAt(0), RangeError);
});
