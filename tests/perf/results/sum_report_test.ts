/** Proves the table of a sum, and its sentences if there is little data. */
import assert from "assert";
import { sumAnalysisLines, sumTables } from "../../../lib/perf/results/sum_report.ts";
import { testsOf } from "../../helpers/pure.ts";
import { levelSweep, stageOf, stepsWith, sweepWith } from "../raw_data.ts";

const test = testsOf("sum report");

test("the table lists each client if there is room, the sum, and its gain", () => {
  const steps = stepsWith(
    [1, 2, 8],
    1,
    (clients) => [stageOf("insert", clients, 80_000 / clients)],
  );
  assert.deepEqual(sumTables(steps), [
    [
      "insert         each ops/s  sum ops/s  gain",
      "1 client            80000      80000",
      "2 clients     40000 40000      80000   +0%",
      "8 clients  10000 to 10000      80000   +0%",
    ].join("\n"),
  ]);
});

test("with repeats, the table has the median of the sums and the range of the clients", () => {
  const steps = stepsWith([1, 2], 3, (clients, repeat) => [stageOf("scan", clients, 10 + repeat)]);
  assert.deepEqual(sumTables(steps), [
    [
      "scan       runs  each ops/s  sum ops/s   gain",
      "1 client      3    10 to 12         11",
      "2 clients     3    10 to 12         22  +100%",
    ].join("\n"),
  ]);
});

test("a table has at most 80 columns", () => {
  for (const repeats of [1, 2]) {
    const steps = stepsWith([1, 2, 3, 4, 5, 6, 10_000], repeats, (clients) => [
      stageOf("insert", clients, 123_456),
    ]);
    for (const line of sumTables(steps).join("\n").split("\n")) assert.ok(line.length <= 80, line);
  }
});

test("if no stage has enough data for an analysis, one sentence says so", () => {
  const steps = stepsWith([1, 2, 4], 1, (clients) => [
    stageOf("insert", clients, 9),
    stageOf("scan", clients, 9),
  ]);
  assert.deepEqual(sumAnalysisLines(sweepWith(steps)), [
    "The data does not decide whether the throughput levels out: each step needs at least 2 repeats to separate gains from noise.",
  ]);
  assert.equal(sumAnalysisLines(levelSweep()).length, 2);
});
