import assert from "assert";
import * as tables from "../../../bench/report/tables.ts";
import { findingsWith, levelSweep } from "../bench_data.ts";

const FINDINGS = findingsWith({
  "memory": levelSweep(10_000),
  "durable": levelSweep(2_500),
  "two-hosts-memory": levelSweep(9_000, ["insert", "lookup"]),
});

/** The cells of the row with this start. */
function row(text: string, start: string): string[] {
  const found = text.split("\n").find((line) => line.trimStart().startsWith(start));
  return (found ?? "").trim().split(/\s{2,}/);
}

Deno.test("the raw table has each run, the aggregate, its gain and each client", () => {
  const text = tables.rawTables(FINDINGS, "memory", "insert");
  assert.match(text, /^\[T2\] insert, in memory: /);
  // The last client is a tenth slower than the others.
  assert.deepEqual(row(text, "2 ").slice(0, 7), [
    ...["2", "9,405", "9,500", "9,595", "9,500", "+90%", "4,750"],
  ]);
  const [, each = ""] = text.split("ops/s of each client");
  assert.deepEqual(row(each, "3 "), ["3", "3,333", "3,333", "3,000"]);
  const lines = each.split("\n");
  const at = lines.findIndex((line) => line.trimStart().startsWith("12 "));
  assert.equal(lines[at]?.trim().split(/\s+/).length, 11, "ten clients in the first line");
  assert.equal(lines[at + 1]?.trim().split(/\s+/).length, 2, "and two in the next");
});

Deno.test("a part that was not measured has a reason", () => {
  const findings = findingsWith(
    { "memory": levelSweep(1_000) },
    { twoHosts: { why: "network namespaces need root" } },
  );
  assert.match(
    tables.rawTables(findings, "two-hosts-memory", "insert"),
    /^\[T10\] .*\n\nnot measured: network namespaces need root$/,
  );
  assert.match(tables.durableTable(findings), /not measured: it was not part of this run/);
});

Deno.test("ratios compare the same numbers of clients", () => {
  assert.deepEqual(row(tables.durableTable(FINDINGS), "scan"), [
    "scan",
    ...Array.from({ length: 7 }, () => "0.25x"),
  ]);
  assert.deepEqual(row(tables.twoHostsTable(FINDINGS), "lookup").slice(0, 2), ["lookup", "0.90x"]);
});

Deno.test("the course's figures are compared with one client", () => {
  assert.deepEqual(row(tables.courseTable(FINDINGS), "lookup"), [
    ...["lookup", "5,129", "0.195", "5,000", "0.97x", "1,250", "0.24x", "4,500", "0.88x"],
  ]);
  assert.equal(row(tables.courseTable(FINDINGS), "query")[0], "query (here: scan)");
});

Deno.test("system calls are those of one request", () => {
  assert.deepEqual(row(tables.systemCallsTable(FINDINGS), "insert, durable"), [
    ...["insert, durable", "recvfrom 1.00, sendto 1.00, fdatasync 1.00", "1", "3.00"],
  ]);
});

Deno.test("levels, single clients and processors have a row for each operation of each part", () => {
  for (const table of [tables.levelsTable, tables.clientsTable, tables.operationsTable]) {
    const [, body = ""] = table(FINDINGS).split("\n\n");
    assert.equal(body.split("\n").length, 1 + 4 + 4 + 2);
  }
  const [, body = ""] = tables.processorsTable(FINDINGS).split("\n\n");
  assert.equal(body.split("\n").length, 1 + 2 * (4 + 4 + 2), "with one client and at the plateau");
});
