import assert from "assert";
import { TOP } from "../../../bench/harness/program.ts";
import { fillReport, proseOf } from "../../../bench/report/document.ts";
import { readFindings } from "../../../bench/report/files.ts";
import { rawTable } from "../../../bench/report/tables.ts";
import { tableText } from "../../../bench/report/text.ts";

const DATA = `${TOP}docs/data/report`;

const REPORT = await Deno.readTextFile(`${TOP}REPORT`);

/** The measurements that REPORT shows. */
const FINDINGS = await readFindings(DATA);

/** The length that one reads in a few minutes. */
const MAX_LINES = 300;

Deno.test("the tables of REPORT are those of the raw data in docs/data/report/", () => {
  assert.ok(fillReport(REPORT, FINDINGS) === REPORT, "`deno task bench --rebuild` changes REPORT");
});

Deno.test("REPORT is plain text of 80 columns and at most 300 lines", () => {
  const lines = REPORT.split("\n");
  for (const line of lines) assert.match(line, /^[\x20-\x7e]{0,80}$/);
  assert.ok(lines.length <= MAX_LINES, `it has ${lines.length} lines`);
});

Deno.test("the text of REPORT cites every table", () => {
  const cited = new Set(proseOf(REPORT).match(/T\d+/g));
  const tables = REPORT.match(/(?<=^\[)T\d+/gm);
  assert.deepEqual([...cited].toSorted(), tables?.toSorted());
});

Deno.test("REPORT names every file of its raw data and every picture, and no other", () => {
  const named = new Set(proseOf(REPORT).match(/[\w-]+\.(?:csv|json|svg)\b/g));
  const files = Array.from(Deno.readDirSync(DATA), ({ name }) => name);
  assert.deepEqual([...named].toSorted(), files.toSorted());
});

Deno.test("the tables of a document are replaced, and the text around them stays", () => {
  const names = Array.from({ length: 10 }, (_, at) => `[T${at + 1}]`);
  const bare = names.map((name) =>
    `Text before ${name}.\n- a point\n  of two lines\n\n${name} old\n  old\n\n`
  );
  const filled = fillReport(`${bare.join("")}The end.\n`, FINDINGS);
  assert.equal(fillReport(filled, FINDINGS), filled);
  const text = names.map((name) => `Text before ${name}.\n- a point\n  of two lines\n\n\n`);
  assert.equal(proseOf(filled), `${text.join("")}The end.\n`);
  assert.throws(() => fillReport(filled.replace("[T2] ", "[T99] "), FINDINGS), /and has .*T99/);
});

Deno.test("a part that was not measured has a reason", () => {
  const { bench, sweeps: { memory } } = FINDINGS;
  assert.ok(memory);
  const twoHosts = { why: "network namespaces need root" };
  const findings = { bench: { ...bench, twoHosts }, sweeps: { memory } };
  assert.match(
    tableText("[T4]", rawTable(findings, "two-hosts-memory")),
    /^\[T4\] [^]*\n {2}not measured: network namespaces need root\n$/,
  );
  assert.match(
    tableText("[T3]", rawTable(findings, "durable")),
    /\n {2}not measured: it was not part of this run\n$/,
  );
});
