/** Proves that a cursor continues its search only, and that cursors are bounded. */
import assert from "assert";
import { Cursors } from "../../lib/commands/cursors.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { insertText } from "../helpers/table_texts.ts";
import {
  assertFails,
  assertFound,
  numberedTable,
  pairsOf,
  query,
  ROOM,
  scan,
  type SearchRequest,
  searchText,
  tableOf,
} from "./searches.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `scan_cursor: ${name}`, permissions: "none", fn });
}

test("a cursor that is unknown, used, or of another connection or request is a ValueError", () => {
  const stored = numberedTable(10), cursors = new Cursors(), others = new Cursors();
  const scanned = assertFound(searchText(stored, cursors, scan("k", { limit: 1 }), ROOM)).cursor;
  insertText(stored, "object", '{"a":1}');
  insertText(stored, "object 2", '{"a":1}');
  const queried =
    assertFound(searchText(stored, cursors, query("a", "1", { limit: 1 }), ROOM)).cursor;
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
    assertFails(searchText(stored, whose, request, ROOM), "ValueError", "'cursor'");
  }
  assertFails(
    searchText(stored, cursors, scan("k", { cursor: scanned }), ROOM),
    "ValueError",
    "'limit'",
  );
  const next = assertFound(
    searchText(stored, cursors, scan("k", { limit: 1, cursor: scanned }), ROOM),
  );
  assert.deepEqual(pairsOf(next), [["k1", 1]], "no failure moved or closed the cursor");
  assertFails(
    searchText(stored, cursors, scan("k", { limit: 1, cursor: scanned }), ROOM),
    "ValueError",
  );
});

test("the 17th open cursor replaces the least recently used one", () => {
  const stored = numberedTable(100), cursors = new Cursors();
  const next = (cursor?: string) =>
    assertFound(searchText(stored, cursors, scan("", { limit: 1, cursor }), ROOM)).cursor;
  const names = Array.from({ length: 16 }, () => next());
  names[0] = next(names[0]); // Now the second one is the least recently used.
  names.push(next());
  names.forEach((cursor, at) => {
    if (at === 1) {
      assertFails(searchText(stored, cursors, scan("", { limit: 1, cursor }), ROOM), "ValueError");
    }
  });
  for (const at of [0, 2, 3, 15, 16]) assert.notEqual(next(names[at]), undefined, `cursor ${at}`);
});

test("a finished search leaves no cursor open", () => {
  const stored = numberedTable(20), cursors = new Cursors();
  const first = assertFound(searchText(stored, cursors, scan("", { limit: 1 }), ROOM)).cursor;
  for (let i = 0; i < 30; i++) {
    const part = assertFound(searchText(stored, cursors, scan("k1", { limit: 5 }), ROOM));
    assertFound(searchText(stored, cursors, scan("k1", { limit: 50, cursor: part.cursor }), ROOM));
  }
  assertFound(searchText(stored, cursors, scan("", { limit: 1, cursor: first }), ROOM));
});

test("a cursor continues the same search only, also with long members", () => {
  using _clock = stoppedClock();
  const long = (end: string) => JSON.stringify("x".repeat(1e6) + end);
  const stored = tableOf(["a", "b", "c"].map((key) => [key, `{"m":${long("1")}}`] as const));
  const cursors = new Cursors();
  const first = assertFound(searchText(stored, cursors, query("m", long("1"), { limit: 1 }), ROOM));
  const { cursor } = first;
  assert.ok(cursor !== undefined);
  for (
    const other of [
      query("m", long("2"), { limit: 1, cursor }),
      query("m2", long("1"), { limit: 1, cursor }),
      scan(long("1").slice(0, 100), { limit: 1, cursor }),
    ]
  ) assertFails(searchText(stored, cursors, other, ROOM), "ValueError", "'cursor'");
  const next = searchText(stored, cursors, query("m", long("1"), { limit: 9, cursor }), ROOM);
  assert.equal(pairsOf(assertFound(next)).length, 2);
});

test("an open cursor keeps no part of its search", () => {
  const stored = numberedTable(10), cursors = new Cursors();
  assertFound(
    searchText(stored, cursors, query("m", JSON.stringify("x".repeat(1e5)), { limit: 1 }), ROOM),
  );
  assertFound(searchText(stored, cursors, scan("a".repeat(100), { limit: 1 }), ROOM));
  for (const open of cursors.snapshot().open.values()) {
    assert.deepEqual(Object.values(open).map((it) => typeof it), ["number", "number"]);
  }
});
