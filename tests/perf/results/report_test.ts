/** Proves what a report has on each stream, for people, for scripts and as JSON. */
import assert from "assert";
import { reportTexts } from "../../../lib/perf/results/report.ts";
import { blockWidth, reportForm } from "../../../lib/perf/results/report_form.ts";
import type { RawData } from "../../../lib/perf/results/series.ts";
import { levelSweep, runWith, settingsWith, stageOf } from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("report");

const RUN = runWith([stageOf("insert", 2, 100), stageOf("scan", 2, 3)], {
  settings: settingsWith({ clients: 2, ops: null, durationMs: 2_000, edgeMs: 200 }),
});
const NONE = { comparison: [], chart: [], notes: [] };
const NOTE = `scan: ${"a long note ".repeat(12)}ends`;

/** The lines of a block. */
function blockOf(data: RawData, notes: readonly string[] = [], width = 80): string[] {
  const { head, result, tail } = reportTexts(data, notes, NONE, "block", width);
  assert.deepEqual([head, tail], ["", ""]);
  return result.split("\n");
}

test("a block begins with its process and plan, and no line is too long", () => {
  const lines = blockOf(RUN, [NOTE]);
  assert.deepEqual(lines.slice(0, 2), [
    "me-a4-x: testperf 4711 on student10, server 10.0.0.1:41873",
    "2 clients, stages of 2 s (counted: 1.6 s), keys of 32 and values of 100 bytes",
  ]);
  assert.match(lines[2] ?? "", /^Began at \d\d:\d\d:\d\d, --seed 7$/);
  assert.match(lines.join("\n"), /\n\n +one client .*\n +ops .*\ninsert .*\nscan .*\nLatency /);
  assert.match(lines.join("\n"), /\n\nscan: a long note .*\n {2}.* ends$/);
  for (const width of [80, 120]) {
    for (const data of [RUN, levelSweep()]) {
      const widest = blockOf(data, [NOTE], width).map(({ length }) => length);
      assert.ok(Math.max(...widest) <= width);
    }
  }
});

test("the heading names the other processes", () => {
  const began = (changes: Partial<typeof RUN>) => blockOf({ ...RUN, ...changes })[2] ?? "";
  assert.match(
    began({ others: 3, alignedUnixMs: RUN.startedUnixMs + 5_000 }),
    /^Began at \d\d:\d\d:\d5 together with 3 other testperf processes, --seed 7$/,
  );
  assert.match(
    began({ others: 1 }),
    / beside up to 1 other testperf process, --seed 7$/,
  );
  assert.match(began({ others: null }), /^Began at [\d:]+, --seed 7$/);
});

test("the heading names the servers of a shared table, with their clients, in lines of 80", () => {
  const servers = Array.from(
    { length: 10 },
    (_, at) => ({ server: `10.0.0.1:${at}`, clients: at }),
  );
  const heading = (count: number) => {
    const lines = blockOf({ ...RUN, servers: servers.slice(1, 1 + count) });
    return lines.slice(0, lines.findIndex((line) => line.startsWith("2 clients")));
  };
  assert.deepEqual(heading(1), [
    "me-a4-x: testperf 4711 on student10, servers 10.0.0.1:1 (1 client)",
  ]);
  assert.deepEqual(heading(3), [
    "me-a4-x: testperf 4711 on student10, servers 10.0.0.1:1 (1 client), 10.0.0.1:2",
    "  (2), 10.0.0.1:3 (3)",
  ]);
  assert.match(heading(9).at(-1) ?? "", /10.0.0.1:8 \(8\) and 1 more$/);
});

test("a block without a result has the reason", () => {
  const early = "The run ended early: ended by SIGINT";
  const data = runWith([], { complete: false, failure: "ended by SIGINT" });
  assert.deepEqual(blockOf(data, [early]).slice(3), ["", early]);
});

test("lines for scripts are alone on stdout; the heading and unbroken notes are on stderr", () => {
  const { head, result, tail } = reportTexts(RUN, [NOTE], NONE, "lines", 80);
  const lines = result.split("\n");
  assert.equal(lines.length, 6);
  for (const line of lines) assert.match(line, /^(insert|scan)( client [12])?: \d+ ops in 1.000 s/);
  assert.match(head, /^me-a4-x: testperf 4711 on student10, .*\n2 clients, .*\nBegan .*--seed 7$/);
  assert.equal(tail, NOTE);
});

test("quiet lines have notes on failures only, below the name of the process", () => {
  const quiet = (notes: string[]) => reportTexts(RUN, notes, NONE, "quiet lines", 80);
  const { result, ...others } = quiet([]);
  assert.equal(result.split("\n").length, 6);
  assert.deepEqual(others, { head: "", tail: "" });
  const { head, tail } = quiet(["scan: 3 operations failed"]);
  assert.deepEqual([head, tail], [
    "me-a4-x: testperf 4711 on student10, server 10.0.0.1:41873",
    "scan: 3 operations failed",
  ]);
});

test("JSON is alone on stdout, and a comparison is a note", () => {
  const others = { ...NONE, comparison: ["insert: faster"] };
  const { head, result, tail } = reportTexts(RUN, [], others, "json", 80);
  assert.deepEqual(JSON.parse(result), JSON.parse(JSON.stringify(RUN)));
  assert.match(head, /^me-a4-x: testperf 4711/);
  assert.equal(tail, "insert: faster");
  const silent = reportTexts(RUN, [], NONE, "json", 80);
  assert.deepEqual([silent.head, silent.tail], ["", ""]);
});

test("a sweep has its tables, the explanation, then the sentences", () => {
  const text = blockOf(levelSweep()).join("\n");
  assert.match(
    text,
    /\n\ninsert, 3 runs each\n.*clients +ops.*\n\nlookup, 3 runs each\n.*\nops\/s: median .*\n\ninsert: /s,
  );
  const early = blockOf({ ...levelSweep(), complete: false }).join("\n");
  assert.match(early, /The sweep is not complete: it ended early/);
});

test("a block is for a terminal, as wide as it is, from 80 to 120 characters", () => {
  const form = (json: boolean, quiet: boolean, hasStdout: boolean) =>
    reportForm({ json, quiet }, { hasStdout });
  assert.deepEqual([form(false, false, true), form(false, false, false)], ["block", "lines"]);
  assert.deepEqual([form(false, true, true), form(true, false, true)], ["quiet lines", "json"]);
  const widths = [20, 80, 100, 500].map((columns) => blockWidth({ columns: () => columns }));
  assert.deepEqual(widths, [80, 80, 100, 120]);
});
