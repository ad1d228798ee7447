import assert from "assert";
import { proseOf } from "../../../bench/harness/generated_sections.ts";
import { filledReport, PLAIN_MARKS } from "../../../bench/report/document.ts";
import { readFindings } from "../../../bench/report/files.ts";
import { findingsWith, levelSweep } from "../bench_data.ts";
import { TOP } from "../../../bench/harness/program.ts";

const REPORT = await Deno.readTextFile(`${TOP}REPORT`);

const FINDINGS = findingsWith({
  "memory": levelSweep(123_456),
  "durable": levelSweep(2_500),
  "two-hosts-memory": levelSweep(90_000, ["insert", "lookup"]),
});

Deno.test("all parts of REPORT are filled, in at most a hundred columns of ASCII", () => {
  const filled = filledReport(REPORT, FINDINGS);
  const parts = [...filled.matchAll(/^--- measured: (.+) ---\n([\s\S]*?)^--- end: \1 ---$/gm)];
  assert.ok(parts.length >= 30);
  for (const [, name, content = ""] of parts) assert.notEqual(content.trim(), "", name);
  for (const line of filled.split("\n")) {
    assert.ok(line.length <= 100, line);
    assert.match(line, /^[\x20-\x7e]*$/);
  }
  assert.equal(filledReport(filled, FINDINGS), filled, "again, it stays as it is");
});

Deno.test("every table that REPORT names is there once", () => {
  const filled = filledReport(REPORT, FINDINGS);
  const named = new Set([...filled.matchAll(/\[T\d+\]/g)].map(([number]) => number));
  for (const number of named) {
    const headings = filled.split("\n").filter((line) => line.startsWith(`${number} `));
    assert.equal(headings.length, 1, number);
  }
  assert.equal(named.size, 20);
});

Deno.test("marks that nothing is measured for are refused, and marks that lack, too", () => {
  assert.throws(
    () => filledReport(`${REPORT}--- measured: luck ---\n--- end: luck ---\n`, FINDINGS),
    /"luck"/,
  );
  assert.throws(
    () => filledReport(REPORT.replace("--- end: levels ---", ""), FINDINGS),
    /end: levels/,
  );
});

Deno.test("the prose of REPORT has no figure", () => {
  const prose = proseOf(REPORT, PLAIN_MARKS).replaceAll(/\[T\d+\]/g, "");
  const figures = prose.split("\n").filter((line) => /\d/.test(line));
  assert.deepEqual(figures, []);
});

Deno.test("the figures of REPORT are those of the raw data in docs/data/report/", async () => {
  const filled = filledReport(REPORT, await readFindings(`${TOP}docs/data/report`));
  assert.ok(filled === REPORT, "REPORT is not what `deno task bench` makes of docs/data/report/");
});
