/** Proves that searches keep their limits of keys, time, bytes and steps of a regex. */
import assert from "assert";
import fc from "fast-check";
import { MAX_SCAN_MS, SCAN_PART_KEYS, SCAN_PART_MS } from "../../lib/base/limits.ts";
import { Cursors } from "../../lib/commands/cursors.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { search } from "../../lib/commands/scan.ts";
import { randomFrom } from "../../bench/harness/random.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { insertText, removeText } from "../helpers/table_texts.ts";
import { testsOf } from "../helpers/pure.ts";
import { query, scan } from "../engine/requests.ts";
import {
  assertFails,
  found,
  inParts,
  numberedTable,
  oddKey,
  pairsOf,
  searchText,
  tableOf,
} from "./searches.ts";

const test = testsOf("scan_limits");

test("a part visits a bounded number of keys, also without matches", () => {
  using _clock = stoppedClock();
  let parts = 0;
  const stored = numberedTable(3 * SCAN_PART_KEYS);
  assert.deepEqual(inParts(stored, scan("none", { limit: 10 }), () => parts++), []);
  assert.equal(parts, 3);
});

test("a part ends when its time is over, but always makes progress", () => {
  using _clock = stoppedClock(SCAN_PART_MS + 1);
  let parts = 0;
  const stored = numberedTable(SCAN_PART_KEYS - 1);
  assert.equal(inParts(stored, scan("", { limit: 1e6 }), () => parts++).length, SCAN_PART_KEYS - 1);
  assert.ok(parts > 3, `${parts} parts`);
});

test("the bytes of a result count as work, too", () => {
  using _clock = stoppedClock(SCAN_PART_MS + 1);
  let parts = 0;
  const large = JSON.stringify("x".repeat(50_000));
  const stored = tableOf(Array.from({ length: 20 }, (_, at) => [`k${at}`, large] as const));
  assert.equal(inParts(stored, scan("", { limit: 1e6 }), () => parts++).length, 20);
  assert.equal(parts, 20);
});

test("a search of the whole table that takes too long is TooLarge", () => {
  using _clock = stoppedClock(MAX_SCAN_MS + 1);
  const stored = numberedTable(1_000);
  assertFails(searchText(stored, scan("none")), "TooLarge", "'limit'", "5 s");
  assertFails(searchText(stored, query("a", "1")), "TooLarge", "'limit'");
  found(numberedTable(10), scan("none"));
  const longer = search(stored, new Cursors(), scan("none"), 1e9, 1e6);
  assert.ok("result" in longer);
});

test("a whole result may have exactly the bytes of the room", () => {
  for (const pairs of [[["k", '"\u00e9\u{1f600}"']], [["a", "1"], ["\u4e2d", "2"]], []] as const) {
    const stored = tableOf(pairs);
    const { result, bytes } = found(stored, scan(""));
    assert.equal(bytes, new TextEncoder().encode(result).length);
    assert.equal(found(stored, scan(""), new Cursors(), bytes).result, result);
    if (pairs.length === 0) continue;
    assertFails(searchText(stored, scan(""), new Cursors(), bytes - 1), "TooLarge", "'limit'");
  }
});

test("a large result is complete, and later ones are right", () => {
  const value = JSON.stringify("\u00e9".repeat(1_000));
  const stored = tableOf(Array.from({ length: 500 }, (_, at) => [`k${at}`, value] as const));
  const small = tableOf([["a", "1"]]);
  for (let round = 0; round < 2; round++) {
    const large = found(stored, scan(""));
    assert.equal(large.bytes, new TextEncoder().encode(large.result).length);
    assert.ok(large.bytes > 1e6);
    assert.ok(pairsOf(large).every(([, it]) => it === JSON.parse(value)));
    assert.equal(found(small, scan("")).result, '[["a",1]]');
  }
});

test("a part ends before it would pass the room", () => {
  const stored = new HashTable();
  for (let i = 0; i < 200; i++) insertText(stored, `k${i}`, `"${"\u00e9".repeat(i % 50)}"`);
  fc.assert(
    fc.property(
      fc.integer({ min: 130, max: 1_000 }),
      fc.integer({ min: 1, max: 50 }),
      (room, limit) => {
        const cursors = new Cursors();
        let met = 0, cursor: string | undefined;
        do {
          const part = found(stored, scan("", { limit, cursor }), cursors, room);
          assert.ok(part.bytes <= room);
          assert.ok(pairsOf(part).length > 0);
          met += pairsOf(part).length;
          cursor = part.cursor;
        } while (cursor !== undefined);
        assert.equal(met, 200);
      },
    ),
    { numRuns: 50 },
  );
});

test("a pair that fits in no part is TooLarge and named, and its cursor stays", () => {
  const stored = tableOf([["a", "1"], ["large", `"${"x".repeat(500)}"`], ["z", "1"]]);
  const cursors = new Cursors();
  const first = found(stored, scan("", { limit: 10 }), cursors, 100);
  assert.deepEqual(pairsOf(first), [["a", 1]]);
  const request = scan("", { limit: 10, cursor: first.cursor });
  assertFails(searchText(stored, request, cursors, 100), "TooLarge", "large", "512");
  removeText(stored, "large");
  assert.deepEqual(pairsOf(found(stored, request, cursors, 100)), [["z", 1]]);
});

test("a regex with too many steps for a key is rejected, and the message shows the key", () => {
  const stored = tableOf([["short", "1"], ["ab".repeat(500_000), "2"]]);
  const cursors = new Cursors();
  const hard = scan("a[ab]{900}[cd]");
  assertFails(searchText(stored, hard, cursors), "ValueError", "simpler", "1000000 bytes", "abab");
  assertFails(searchText(stored, { ...hard, limit: 10 }, cursors), "ValueError", "simpler");
  const easy = scan("^short$"), plain = scan("short"), all = scan("", { limit: 10 });
  for (const request of [easy, plain]) {
    assert.deepEqual(pairsOf(found(stored, request, cursors)), [["short", 1]]);
  }
  assert.equal(pairsOf(found(stored, all, cursors)).length, 2);
});

test("a part may take fewer steps for a key than a whole scan, and its message proposes that", () => {
  using _clock = stoppedClock(); // lets a part reach the long keys
  const long = oddKey(randomFrom(1), 30_000);
  const stored = tableOf([["short", "1"], [long, "2"], ["ab".repeat(50_000), "3"]]);
  const regex = "[\\x{400}-\\x{2000}]+?.{50}[!-#]"; // With that key, its automaton outgrows its memory.
  assert.equal(pairsOf(found(stored, scan(regex))).length, 0);
  const part = searchText(stored, scan(regex, { limit: 10 }));
  assertFails(part, "ValueError", "simpler", "without 'limit'", "bytes");
  const usual = scan("^(ab)*$", { limit: 10 });
  assert.equal(pairsOf(found(stored, usual)).length, 1);
  const plain = scan("ba", { limit: 10 });
  assert.equal(pairsOf(found(stored, plain)).length, 1);
});

test("a removed key with too many steps does not stop the next part", () => {
  using _clock = stoppedClock(); // lets a part reach the long keys
  const hard = oddKey(randomFrom(4), 30_000);
  const usual = "ab".repeat(50_000);
  const request = scan("[\\x{400}-\\x{2000}]+?.{49}[!-#]", { limit: 10 });
  const stored = tableOf([[usual, "1"], [hard, "2"]]);
  assertFails(searchText(stored, request), "ValueError", "simpler");
  removeText(stored, hard);
  const { result, cursor } = found(stored, request);
  assert.deepEqual([result, cursor], ["[]", undefined]);
});

test("the clock is read more often if each key takes many steps", () => {
  using _clock = stoppedClock(SCAN_PART_MS + 1);
  const stored = numberedTable(200);
  const partsOf = (regex: string) => {
    let parts = 0;
    inParts(stored, scan(regex, { limit: 1e6 }), () => parts++);
    return parts;
  };
  assert.ok(partsOf("^x.{900}y") > 100, "a part for each key or two");
  assert.ok(partsOf("x") < 10);
});
