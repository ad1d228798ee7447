import assert from "assert";
import { sectionNames } from "../../../bench/harness/generated_sections.ts";
import { TOP } from "../../../bench/harness/program.ts";
import { fillReport, PLAIN_MARKS } from "../../../bench/report/document.ts";
import { readFindings } from "../../../bench/report/files.ts";
import { durableTable, rawTables } from "../../../bench/report/tables.ts";

const REPORT = await Deno.readTextFile(`${TOP}REPORT`);

/** The measurements that REPORT shows. */
const FINDINGS = await readFindings(`${TOP}docs/data/report`);

Deno.test("the tables of REPORT are those of the raw data in docs/data/report/", () => {
  const filled = fillReport(REPORT, FINDINGS);
  assert.ok(filled === REPORT, "`deno task bench --rebuild` would change REPORT");
  assert.equal(sectionNames(filled, PLAIN_MARKS).length, 20);
  for (const line of filled.split("\n")) assert.match(line, /^[\x20-\x7e]{0,100}$/);
});

Deno.test("every table that REPORT cites is there once", () => {
  const cited = new Set([...REPORT.matchAll(/\[T\d+\]/g)].map(([number]) => number));
  for (const number of cited) {
    const headings = REPORT.split("\n").filter((line) => line.startsWith(`${number} `));
    assert.equal(headings.length, 1, number);
  }
  assert.equal(cited.size, 20);
});

Deno.test("unknown marks, and missing ones, are errors", () => {
  assert.throws(
    () => fillReport(`${REPORT}--- measured: luck ---\n--- end: luck ---\n`, FINDINGS),
    /"luck"/,
  );
  assert.throws(
    () => fillReport(REPORT.replace("--- end: levels ---", ""), FINDINGS),
    /end: levels/,
  );
});

Deno.test("a part that was not measured has a reason", () => {
  const { bench, sweeps: { memory } } = FINDINGS;
  assert.ok(memory);
  const twoHosts = { why: "network namespaces need root" };
  const findings = { bench: { ...bench, twoHosts }, sweeps: { memory } };
  assert.match(
    rawTables(findings, "two-hosts-memory", "insert"),
    /^\[T10\] .*\n\nnot measured: network namespaces need root$/,
  );
  assert.match(durableTable(findings), /not measured: it was not part of this run/);
});
