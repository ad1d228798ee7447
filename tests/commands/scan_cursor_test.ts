/** Proves that a cursor continues its search only, and that cursors are bounded. */
import assert from "assert";
import { Cursors } from "../../lib/commands/cursors.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { insertText } from "../helpers/table_texts.ts";
import { testsOf } from "../helpers/pure.ts";
import { query, scan } from "../engine/requests.ts";
import {
  assertFails,
  found,
  numberedTable,
  pairsOf,
  type SearchRequest,
  searchText,
  tableOf,
} from "./searches.ts";

const test = testsOf("scan_cursor");

test("a cursor that is unknown, used, or of another connection or request is a ValueError", () => {
  const stored = numberedTable(10), cursors = new Cursors(), others = new Cursors();
  const scanned = found(stored, scan("k", { limit: 1 }), cursors).cursor;
  insertText(stored, "object", '{"a":1}');
  insertText(stored, "object 2", '{"a":1}');
  const queried = found(stored, query("a", "1", { limit: 1 }), cursors).cursor;
  assert.ok(scanned !== undefined && queried !== undefined);
  const bad: [Cursors, SearchRequest][] = [
    [cursors, scan("k", { limit: 1, cursor: "no-such-cursor" })],
    [cursors, scan("k", { limit: 1, cursor: "" })],
    [others, scan("k", { limit: 1, cursor: scanned })],
    [cursors, scan("other", { limit: 1, cursor: scanned })],
    [cursors, scan("k", { limit: 1, cursor: queried })],
    [cursors, query("a", "1", { limit: 1, cursor: scanned })],
    [cursors, query("b", "1", { limit: 1, cursor: queried })],
    [cursors, query("a", "2", { limit: 1, cursor: queried })],
  ];
  for (const [whose, request] of bad) {
    assertFails(searchText(stored, request, whose), "ValueError", "'cursor'");
  }
  assertFails(searchText(stored, scan("k", { cursor: scanned }), cursors), "ValueError", "'limit'");
  const next = found(stored, scan("k", { limit: 1, cursor: scanned }), cursors);
  assert.deepEqual(pairsOf(next), [["k1", 1]], "no failure moved or closed the cursor");
  assertFails(searchText(stored, scan("k", { limit: 1, cursor: scanned }), cursors), "ValueError");
});

test("the 17th open cursor replaces the least recently used one", () => {
  const stored = numberedTable(100), cursors = new Cursors();
  const next = (cursor?: string) => found(stored, scan("", { limit: 1, cursor }), cursors).cursor;
  const names = Array.from({ length: 16 }, () => next());
  names[0] = next(names[0]); // Now the second one is the least recently used.
  names.push(next());
  const replaced = scan("", { limit: 1, cursor: names[1] });
  assertFails(searchText(stored, replaced, cursors), "ValueError");
  for (const at of [0, 2, 3, 15, 16]) assert.notEqual(next(names[at]), undefined, `cursor ${at}`);
});

test("a finished search leaves no cursor open", () => {
  const stored = numberedTable(20), cursors = new Cursors();
  const first = found(stored, scan("", { limit: 1 }), cursors).cursor;
  for (let i = 0; i < 30; i++) {
    const part = found(stored, scan("k1", { limit: 5 }), cursors);
    found(stored, scan("k1", { limit: 50, cursor: part.cursor }), cursors);
  }
  found(stored, scan("", { limit: 1, cursor: first }), cursors);
});

test("a cursor continues the same search only, also with long members", () => {
  using _clock = stoppedClock();
  const long = (end: string) => JSON.stringify("x".repeat(1e6) + end);
  const stored = tableOf(["a", "b", "c"].map((key) => [key, `{"m":${long("1")}}`] as const));
  const cursors = new Cursors();
  const first = found(stored, query("m", long("1"), { limit: 1 }), cursors);
  const { cursor } = first;
  assert.ok(cursor !== undefined);
  const part = { limit: 1, cursor };
  const others = [query("m", long("2"), part), query("m2", long("1"), part)];
  for (const other of [...others, scan(long("1").slice(0, 100), part)]) {
    assertFails(searchText(stored, other, cursors), "ValueError", "'cursor'");
  }
  const next = found(stored, query("m", long("1"), { limit: 9, cursor }), cursors);
  assert.equal(pairsOf(next).length, 2);
});

test("an open cursor keeps no part of its search", () => {
  const stored = numberedTable(10), cursors = new Cursors();
  found(stored, query("m", JSON.stringify("x".repeat(1e5)), { limit: 1 }), cursors);
  found(stored, scan("a".repeat(100), { limit: 1 }), cursors);
  for (const open of cursors.snapshot().open.values()) {
    assert.deepEqual(Object.values(open).map((it) => typeof it), ["number", "number"]);
  }
});
