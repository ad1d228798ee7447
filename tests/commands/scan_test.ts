/**
 * Proves that scans and queries agree with a model, whole and in parts, that parts visit lasting keys
 * exactly once, and that replies and cursors keep their limits.
 */
import assert from "assert";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { MAX_SCAN_MS, SCAN_PART_KEYS, SCAN_PART_MS } from "../../lib/base/limits.ts";
import type { Failure } from "../../lib/protocol/message.ts";
import type { RequestOf } from "../../lib/protocol/requests.ts";
import { Cursors } from "../../lib/commands/cursors.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { search } from "../../lib/commands/scan.ts";
import { randomFrom } from "../../bench/harness/random.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { insertText, removeText } from "../helpers/table_texts.ts";
import { textOfChunks } from "../helpers/streams.ts";

const ROOM = 1e9;

/** The result of a search, as text. */
interface FoundText {
  readonly result: string;
  readonly bytes: number;
  readonly cursor?: string;
}

type SearchRequest = RequestOf<"scan"> | RequestOf<"query">;

type Part = { limit?: number | undefined; cursor?: string | undefined };

function test(name: string, fn: () => void): void {
  Deno.test({ name: `search: ${name}`, permissions: "none", fn });
}

function scan(regex: string, { limit, cursor }: Part = {}): RequestOf<"scan"> {
  return { method: "scan", id: undefined, regex, limit, cursor };
}

function query(subkey: string, subvalue: string, { limit, cursor }: Part = {}): RequestOf<"query"> {
  return { method: "query", id: undefined, subkey, subvalue, limit, cursor };
}

function tableOf(pairs: Iterable<readonly [string, string]>): HashTable {
  const table = new HashTable();
  for (const [key, value] of pairs) insertText(table, key, value);
  return table;
}

function numbered(count: number): HashTable {
  return tableOf(Array.from({ length: count }, (_, at) => [`k${at}`, String(at)] as const));
}

/** Runs a search, and releases its buffer. */
function searchText(
  table: HashTable,
  cursors: Cursors,
  request: SearchRequest,
  maxBytes: number,
): FoundText | Failure {
  const outcome = search(table, cursors, request, maxBytes);
  if (!("result" in outcome)) return outcome;
  const { result, ...rest } = outcome;
  return { ...rest, result: textOfChunks(result), bytes: result.length };
}

function found(outcome: FoundText | Failure): FoundText {
  assert.ok("result" in outcome, "type" in outcome ? outcome.message : "");
  return outcome;
}

function failed(outcome: FoundText | Failure, type: Failure["type"], ...words: string[]): void {
  assert.ok("type" in outcome, "it succeeded");
  assert.equal(outcome.type, type);
  for (const word of words) assert.ok(outcome.message.includes(word), outcome.message);
  assert.ok(outcome.message.length < 800);
}

function pairsOf({ result }: FoundText): [string, unknown][] {
  return JSON.parse(result);
}

/** All parts of a search, with a callback between them. */
function inParts(
  table: HashTable,
  request: SearchRequest,
  between: () => void = () => {},
): [string, unknown][] {
  const cursors = new Cursors();
  const pairs: [string, unknown][] = [];
  let cursor: string | undefined;
  let parts = 0;
  do {
    assert.ok(++parts < 10_000, "it ends");
    const part = found(searchText(table, cursors, { ...request, cursor }, ROOM));
    assert.ok(pairsOf(part).length <= (request.limit ?? Infinity), "at most the limit");
    pairs.push(...pairsOf(part));
    cursor = part.cursor;
    between();
  } while (cursor !== undefined);
  return pairs;
}

const sorted = (pairs: [string, unknown][]) => pairs.toSorted(([a], [b]) => a < b ? -1 : 1);

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
    const whole = found(searchText(stored, new Cursors(), scan(regex), ROOM));
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
      const pairs = pairsOf(found(searchText(stored, new Cursors(), scan(regex), ROOM)));
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
      const whole = searchText(stored, new Cursors(), { ...request, limit: undefined }, ROOM);
      assert.deepEqual(sorted(pairsOf(found(whole))), expected);
      assert.deepEqual(sorted(inParts(stored, request)), expected);
    }),
  );
});

test("values keep their text, and keys become JSON", () => {
  const stored = tableOf([['a"\n\ud800', '{ "x" : 1.0 }']]);
  const text = '[["a\\"\\n\\ud800",{ "x" : 1.0 }]]';
  const scanned = found(searchText(stored, new Cursors(), scan(""), ROOM));
  assert.deepEqual(scanned, { result: text, bytes: text.length });
  const asked = found(searchText(stored, new Cursors(), query("x", "10e-1"), ROOM));
  assert.equal(asked.result, text);
});

test("parts visit each lasting key exactly once, with any changes in between", () => {
  const change = fc.tuple(fc.constantFrom("insert", "remove", "replace"), fc.nat(500));
  const changes = fc.array(fc.array(change, { maxLength: 200 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), changes, fc.nat(500), (limit, rounds, count) => {
      const stored = numbered(count);
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

test("a part visits a bounded number of keys, also without matches", () => {
  using _clock = stoppedClock();
  let parts = 0;
  const stored = numbered(3 * SCAN_PART_KEYS);
  assert.deepEqual(inParts(stored, scan("none", { limit: 10 }), () => parts++), []);
  assert.equal(parts, 3);
});

test("a part ends when its time is over, but always makes progress", () => {
  using _clock = stoppedClock(SCAN_PART_MS + 1);
  let parts = 0;
  const stored = numbered(SCAN_PART_KEYS - 1);
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
  const stored = numbered(1_000);
  failed(searchText(stored, new Cursors(), scan("none"), ROOM), "TooLarge", "'limit'", "5 s");
  failed(searchText(stored, new Cursors(), query("a", "1"), ROOM), "TooLarge", "'limit'");
  found(searchText(numbered(10), new Cursors(), scan("none"), ROOM));
  const longer = search(stored, new Cursors(), scan("none"), ROOM, 1e6);
  assert.ok("result" in longer);
});

test("a limit of all is one part with no cursor, and one less has two", () => {
  const stored = numbered(10);
  assert.equal(
    found(searchText(stored, new Cursors(), scan("", { limit: 11 }), ROOM)).cursor,
    undefined,
  );
  const cursors = new Cursors();
  const first = found(searchText(stored, cursors, scan("", { limit: 9 }), ROOM));
  assert.equal(pairsOf(first).length, 9);
  const second = found(
    searchText(stored, cursors, scan("", { limit: 9, cursor: first.cursor }), ROOM),
  );
  assert.equal(pairsOf(second).length, 1);
  assert.equal(second.cursor, undefined);
});

test("the limit may change between parts", () => {
  const stored = numbered(10), cursors = new Cursors();
  const first = found(searchText(stored, cursors, scan("", { limit: 1 }), ROOM));
  const rest = found(
    searchText(stored, cursors, scan("", { limit: 100, cursor: first.cursor }), ROOM),
  );
  assert.equal(pairsOf(first).length + pairsOf(rest).length, 10);
});

test("a cursor that is unknown, used, or of another connection or request is a ValueError", () => {
  const stored = numbered(10), cursors = new Cursors(), others = new Cursors();
  const scanned = found(searchText(stored, cursors, scan("k", { limit: 1 }), ROOM)).cursor;
  insertText(stored, "object", '{"a":1}');
  insertText(stored, "object 2", '{"a":1}');
  const queried = found(searchText(stored, cursors, query("a", "1", { limit: 1 }), ROOM)).cursor;
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
    failed(searchText(stored, whose, request, ROOM), "ValueError", "'cursor'");
  }
  failed(
    searchText(stored, cursors, scan("k", { cursor: scanned }), ROOM),
    "ValueError",
    "'limit'",
  );
  const next = found(searchText(stored, cursors, scan("k", { limit: 1, cursor: scanned }), ROOM));
  assert.deepEqual(pairsOf(next), [["k1", 1]], "none of these failures moved or closed it");
  failed(searchText(stored, cursors, scan("k", { limit: 1, cursor: scanned }), ROOM), "ValueError");
});

test("the 17th open cursor replaces the least recently used one", () => {
  const stored = numbered(100), cursors = new Cursors();
  const next = (cursor?: string) =>
    found(searchText(stored, cursors, scan("", { limit: 1, cursor }), ROOM)).cursor;
  const names = Array.from({ length: 16 }, () => next());
  names[0] = next(names[0]); // Now the second one is the least recently used.
  names.push(next());
  names.forEach((cursor, at) => {
    if (at === 1) {
      failed(searchText(stored, cursors, scan("", { limit: 1, cursor }), ROOM), "ValueError");
    }
  });
  for (const at of [0, 2, 3, 15, 16]) assert.notEqual(next(names[at]), undefined, `cursor ${at}`);
});

test("a finished search leaves no cursor open", () => {
  const stored = numbered(20), cursors = new Cursors();
  const first = found(searchText(stored, cursors, scan("", { limit: 1 }), ROOM)).cursor;
  for (let i = 0; i < 30; i++) {
    const part = found(searchText(stored, cursors, scan("k1", { limit: 5 }), ROOM));
    found(searchText(stored, cursors, scan("k1", { limit: 50, cursor: part.cursor }), ROOM));
  }
  found(searchText(stored, cursors, scan("", { limit: 1, cursor: first }), ROOM));
});

test("an invalid regex is a ValueError that names member, rule and value", () => {
  failed(
    searchText(numbered(1), new Cursors(), scan("("), ROOM),
    "ValueError",
    "'regex'",
    '"("',
    "a ( has no )",
  );
  failed(
    searchText(numbered(1), new Cursors(), scan("a".repeat(20_000)), ROOM),
    "ValueError",
    "2000",
  );
});

test("a whole result may have exactly the bytes of the room", () => {
  for (const pairs of [[["k", '"\u00e9\u{1f600}"']], [["a", "1"], ["\u4e2d", "2"]], []] as const) {
    const stored = tableOf(pairs);
    const { result, bytes } = found(searchText(stored, new Cursors(), scan(""), ROOM));
    assert.equal(bytes, new TextEncoder().encode(result).length);
    assert.equal(found(searchText(stored, new Cursors(), scan(""), bytes)).result, result);
    if (pairs.length === 0) continue;
    failed(
      searchText(stored, new Cursors(), scan(""), bytes - 1),
      "TooLarge",
      "'limit'",
    );
  }
});

test("a large result is complete, and later ones are right", () => {
  const value = JSON.stringify("\u00e9".repeat(1_000));
  const stored = tableOf(Array.from({ length: 500 }, (_, at) => [`k${at}`, value] as const));
  const small = tableOf([["a", "1"]]);
  for (let round = 0; round < 2; round++) {
    const large = found(searchText(stored, new Cursors(), scan(""), ROOM));
    assert.equal(large.bytes, new TextEncoder().encode(large.result).length);
    assert.ok(large.bytes > 1e6);
    assert.ok(pairsOf(large).every(([, it]) => it === JSON.parse(value)));
    assert.equal(found(searchText(small, new Cursors(), scan(""), ROOM)).result, '[["a",1]]');
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
          const part = found(searchText(stored, cursors, scan("", { limit, cursor }), room));
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
  const first = found(searchText(stored, cursors, scan("", { limit: 10 }), 100));
  assert.deepEqual(pairsOf(first), [["a", 1]]);
  const request = scan("", { limit: 10, cursor: first.cursor });
  failed(searchText(stored, cursors, request, 100), "TooLarge", "large", "512");
  removeText(stored, "large");
  assert.deepEqual(pairsOf(found(searchText(stored, cursors, request, 100))), [["z", 1]]);
});

test("a regex with too many steps for a key is rejected, and the message shows the key", () => {
  const stored = tableOf([["short", "1"], ["ab".repeat(500_000), "2"]]);
  const cursors = new Cursors();
  const hard = scan("a[ab]{900}[cd]");
  failed(searchText(stored, cursors, hard, ROOM), "ValueError", "simpler", "1000000 bytes", "abab");
  failed(searchText(stored, cursors, { ...hard, limit: 10 }, ROOM), "ValueError", "simpler");
  const easy = scan("^short$"), plain = scan("short"), all = scan("", { limit: 10 });
  for (const request of [easy, plain]) {
    assert.deepEqual(pairsOf(found(searchText(stored, cursors, request, ROOM))), [["short", 1]]);
  }
  assert.equal(pairsOf(found(searchText(stored, cursors, all, ROOM))).length, 2);
});

test("a part may take fewer steps for a key than a whole scan, and its message says so", () => {
  using _clock = stoppedClock(); // lets a part reach the long keys
  const random = randomFrom(1);
  const odd = Array.from({ length: 30_000 }, () => 0x400 + random.below(0x3800));
  const long = String.fromCharCode(...odd);
  const stored = tableOf([["short", "1"], [long, "2"], ["ab".repeat(50_000), "3"]]);
  const regex = "[\\x{400}-\\x{2000}]+?.{50}[!-#]"; // With that key, its automaton outgrows its memory.
  assert.equal(pairsOf(found(searchText(stored, new Cursors(), scan(regex), ROOM))).length, 0);
  const part = searchText(stored, new Cursors(), scan(regex, { limit: 10 }), ROOM);
  failed(part, "ValueError", "simpler", "without 'limit'", "bytes");
  const usual = scan("^(ab)*$", { limit: 10 });
  assert.equal(pairsOf(found(searchText(stored, new Cursors(), usual, ROOM))).length, 1);
  const plain = scan("ba", { limit: 10 });
  assert.equal(pairsOf(found(searchText(stored, new Cursors(), plain, ROOM))).length, 1);
});

test("a removed key with too many steps does not stop the next part", () => {
  using _clock = stoppedClock(); // lets a part reach the long keys
  const random = randomFrom(4);
  const odd = Array.from({ length: 30_000 }, () => 0x400 + random.below(0x3800));
  const hard = String.fromCharCode(...odd);
  const usual = "ab".repeat(50_000);
  const request = scan("[\\x{400}-\\x{2000}]+?.{49}[!-#]", { limit: 10 });
  const stored = tableOf([[usual, "1"], [hard, "2"]]);
  failed(searchText(stored, new Cursors(), request, ROOM), "ValueError", "simpler");
  removeText(stored, hard);
  const { result, cursor } = found(searchText(stored, new Cursors(), request, ROOM));
  assert.deepEqual([result, cursor], ["[]", undefined]);
});

test("the clock is read more often if each key takes many steps", () => {
  using _clock = stoppedClock(SCAN_PART_MS + 1);
  const stored = numbered(200);
  const partsOf = (regex: string) => {
    let parts = 0;
    inParts(stored, scan(regex, { limit: 1e6 }), () => parts++);
    return parts;
  };
  assert.ok(partsOf("^x.{900}y") > 100, "a part for each key or two");
  assert.ok(partsOf("x") < 10);
});

test("a cursor continues the same search only, also with long members", () => {
  using _clock = stoppedClock();
  const long = (end: string) => JSON.stringify("x".repeat(1e6) + end);
  const stored = tableOf(["a", "b", "c"].map((key) => [key, `{"m":${long("1")}}`] as const));
  const cursors = new Cursors();
  const first = found(searchText(stored, cursors, query("m", long("1"), { limit: 1 }), ROOM));
  const { cursor } = first;
  assert.ok(cursor !== undefined);
  for (
    const other of [
      query("m", long("2"), { limit: 1, cursor }),
      query("m2", long("1"), { limit: 1, cursor }),
      scan(long("1").slice(0, 100), { limit: 1, cursor }),
    ]
  ) failed(searchText(stored, cursors, other, ROOM), "ValueError", "'cursor'");
  const next = searchText(stored, cursors, query("m", long("1"), { limit: 9, cursor }), ROOM);
  assert.equal(pairsOf(found(next)).length, 2);
});

test("an open cursor keeps nothing of its search", () => {
  const stored = numbered(10), cursors = new Cursors();
  found(
    searchText(stored, cursors, query("m", JSON.stringify("x".repeat(1e5)), { limit: 1 }), ROOM),
  );
  found(searchText(stored, cursors, scan("a".repeat(100), { limit: 1 }), ROOM));
  for (const open of cursors.snapshot().open.values()) {
    assert.deepEqual(Object.values(open).map((it) => typeof it), ["number", "number"]);
  }
});
