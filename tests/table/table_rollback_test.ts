/** Proves that a rollback of the table leaves no trace, also if there is no memory. */
import assert from "assert";
import fc from "fast-check";
import { Arena } from "../../lib/bytes/arena.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { testsOf } from "../helpers/pure.ts";
import { insertText, lookupText, pairsOf, removeText, slotOf } from "../helpers/table_texts.ts";
import {
  CONSTANT_BYTES,
  FailingArena,
  keys,
  masks,
  stateOf,
  values,
  WeakHash,
} from "./odd_tables.ts";

const test = testsOf("hash_table");

test("a rollback leaves no trace, and committed changes stay", () => {
  const operation = fc.tuple(fc.constantFrom("insert", "insert", "remove"), keys, values);
  const batch = fc.record({
    commits: fc.boolean(),
    operations: fc.array(operation, { maxLength: 30, size: "max" }),
  });
  fc.assert(
    fc.property(masks, fc.array(batch, { maxLength: 8, size: "max" }), (mask, batches) => {
      const arena = new Arena();
      const table = new HashTable(arena, new WeakHash(mask));
      table.keepsUndo = true;
      // The twin gets committed changes only.
      const twin = new HashTable(undefined, new WeakHash(mask));
      twin.keepsUndo = true;
      const apply = (to: HashTable, operations: (typeof batches)[0]["operations"]) => {
        for (const [what, key, value] of operations) {
          if (what === "insert") insertText(to, key, value);
          else removeText(to, key);
        }
      };
      for (const { commits, operations } of batches) {
        apply(table, operations);
        if (commits) {
          apply(twin, operations);
          assert.deepEqual(stateOf(table), stateOf(twin), "before the commit");
          table.commit();
          twin.commit();
        } else {
          table.rollback();
        }
        assert.deepEqual(stateOf(table), stateOf(twin));
        for (const [key, value] of pairsOf(twin)) assert.equal(lookupText(table, key), value);
        for (const [, key] of operations) assert.equal(slotOf(table, key), slotOf(twin, key));
        assert.ok(arena.usedBytes <= table.bytes * 1.03 + CONSTANT_BYTES, "nothing leaks");
      }
      for (const key of pairsOf(table).keys()) removeText(table, key);
      table.commit();
      assert.deepEqual([table.bytes, table.slotsUsed, arena.usedBytes], [0, 0, 0]);
    }),
    { numRuns: 200 },
  );
});

test("thousands of changes are rolled back, and their memory is released", () => {
  const arena = new Arena();
  const table = new HashTable(arena);
  for (let i = 0; i < 5_000; i++) insertText(table, `k${i}`, `[${i}]`);
  const before = stateOf(table), used = arena.usedBytes;
  table.keepsUndo = true;
  for (let i = 0; i < 5_000; i++) removeText(table, `k${i}`);
  for (let i = 0; i < 25_000; i++) insertText(table, `k${i * 7 % 25_000}`, "{}".repeat(i % 50));
  table.rollback();
  assert.deepEqual(stateOf(table), before);
  assert.ok(arena.usedBytes <= used * 1.1, `${arena.usedBytes} bytes after, ${used} before`);
});

test("an empty table numbers slots from 0 again, but not before the commit", () => {
  const table = new HashTable();
  table.keepsUndo = true;
  for (let i = 0; i < 5_000; i++) insertText(table, `k${i}`, "1");
  table.commit();
  for (let i = 0; i < 5_000; i++) removeText(table, `k${i}`);
  assert.equal(table.slotsUsed, 5_000);
  table.rollback();
  assert.equal(slotOf(table, "k4999"), 4_999);
  for (let i = 0; i < 5_000; i++) removeText(table, `k${i}`);
  table.commit();
  assert.equal(table.slotsUsed, 0);
  insertText(table, "new", "1");
  assert.equal(table.slotsUsed, 1);
});

test("without memory, a change throws a RangeError, and nothing has changed", () => {
  // The next new key needs a block, and a larger shard of the index or another page of slots.
  for (const [keys, keepsUndo] of [[6, false], [6, true], [3_072, true], [4_096, true]] as const) {
    const arena = new FailingArena();
    const table = new HashTable(arena, new WeakHash(~0x3ff)); // all in one shard
    for (let i = 0; i < keys; i++) insertText(table, `k${i}`, "1");
    table.keepsUndo = keepsUndo;
    const before = stateOf(table);
    for (const [key, value, needed] of [["k5", "9".repeat(1_000), 1], ["new", "1", 2]] as const) {
      for (let allowed = 0; allowed < needed; allowed++) {
        arena.allocationsLeft = allowed;
        assert.throws(() => insertText(table, key, value), RangeError);
        assert.deepEqual(stateOf(table), before);
      }
    }
    arena.allocationsLeft = Infinity;
    insertText(table, "new", "[1]");
    assert.equal(lookupText(table, "new"), "[1]");
    for (const key of pairsOf(table).keys()) removeText(table, key);
    table.commit();
    assert.equal(arena.usedBytes, 0, "nothing leaked");
  }
});

test("a rollback and removals need no new memory", () => {
  for (const keepsUndo of [true, false]) {
    const arena = new FailingArena();
    const table = new HashTable(arena);
    for (let i = 0; i < 20_000; i++) insertText(table, `k${i}`, "1");
    const before = stateOf(table);
    table.keepsUndo = keepsUndo;
    for (let i = 0; keepsUndo && i < 19_000; i++) insertText(table, `n${i}`, "1");
    arena.allocationsLeft = 0;
    for (let i = 0; i < 19_990; i++) removeText(table, `k${i}`);
    if (!keepsUndo) continue;
    table.rollback();
    assert.deepEqual(stateOf(table), before);
  }
});
