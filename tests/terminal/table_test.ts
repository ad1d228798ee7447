/** Proves that a table has its headings above its columns, and fits its width. */
import assert from "assert";
import fc from "fast-check";
import { type Column, table } from "../../lib/terminal/table.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("table");

const COLUMNS: readonly Column[] = [
  { isText: true, heading: "", cells: ["insert", "scan"] },
  { heading: "ops", cells: ["12,345", "7"], isOptional: true },
  { group: "latency", heading: "p50", cells: ["0.031", "45.00"] },
  { group: "latency", heading: "max", cells: ["10.05", "101.5"] },
  { group: "one client", heading: "min", cells: ["1", "2"] },
];

test("words to the left, numbers to the right, groups above their columns", () => {
  assert.deepEqual(table(COLUMNS, 80).split("\n"), [
    "                - latency --  one client",
    "           ops    p50    max         min",
    "insert  12,345  0.031  10.05           1",
    "scan         7  45.00  101.5           2",
  ]);
});

test("if it is too wide, there is less space, then less columns", () => {
  assert.deepEqual(table(COLUMNS, 39).split("\n").slice(0, 3), [
    "                latency  one client".replace("latency  one", "- latency - one").slice(2),
    "          ops   p50   max        min",
    "insert 12,345 0.031 10.05          1",
  ]);
  assert.deepEqual(table(COLUMNS, 30).split("\n").slice(1, 3), [
    "         p50   max        min",
    "insert 0.031 10.05          1",
  ]);
  // Without an optional column it cannot shrink further.
  assert.equal(table(COLUMNS, 10), table(COLUMNS, 30));
});

test("without groups there is one heading", () => {
  assert.equal(table([{ heading: "clients", cells: ["1"] }], 80), "clients\n      1");
});

test("all rows of any table end at the same column, and it is as wide as needed", () => {
  const cell = fc.stringMatching(/^[0-9]{1,9}$/);
  const column = fc.record({
    heading: fc.stringMatching(/^[a-z]{1,9}$/),
    group: fc.constantFrom("", "latency in ms", "all"),
    cells: fc.array(cell, { minLength: 3, maxLength: 3 }),
  });
  fc.assert(fc.property(fc.array(column, { minLength: 1, maxLength: 9 }), (columns) => {
    const rows = table(columns, 1_000).split("\n").slice(-4);
    assert.equal(new Set(rows.map(({ length }) => length)).size, 1, rows.join("\n"));
  }));
});
