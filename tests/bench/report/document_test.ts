import assert from "assert";
import { sectionNames } from "../../../bench/harness/generated_sections.ts";
import { TOP } from "../../../bench/harness/program.ts";
import { fillReport, PLAIN_MARKS } from "../../../bench/report/document.ts";
import { readFindings } from "../../../bench/report/files.ts";
import { findingsWith, levelSweep } from "../bench_data.ts";

const REPORT = await Deno.readTextFile(`${TOP}REPORT`);

const FINDINGS = findingsWith({
  "memory": levelSweep(123_456),
  "durable": levelSweep(2_500),
  "two-hosts-memory": levelSweep(90_000, ["insert", "lookup"]),
});

Deno.test("the sections of REPORT are filled, in at most 100 columns of ASCII", () => {
  const filled = fillReport(REPORT, FINDINGS);
  assert.equal(sectionNames(filled, PLAIN_MARKS).length, 20);
  for (const line of filled.split("\n")) assert.match(line, /^[\x20-\x7e]{0,100}$/);
  assert.equal(fillReport(filled, FINDINGS), filled, "it stays the same");
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

Deno.test("the tables of REPORT are those of the raw data in docs/data/report/", async () => {
  const filled = fillReport(REPORT, await readFindings(`${TOP}docs/data/report`));
  assert.ok(filled === REPORT, "`deno task bench --rebuild` would change REPORT");
});
