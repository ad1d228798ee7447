/** Proves the table of a sum, and its sentences if there is little data. */
import assert from "assert";
import { headingLines } from "../../../lib/perf/results/heading.ts";
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
  assert.deepEqual(sumTables(steps, 80), [
    [
      "insert           each ops/s  sum ops/s  gain",
      "1 client             80,000     80,000",
      "2 clients     40,000 40,000     80,000   +0%",
      "8 clients  10,000 to 10,000     80,000   +0%",
    ].join("\n"),
  ]);
  assert.match(sumTables(steps, 120)[0] ?? "", /^8 clients {2}10,000( 10,000){7} +80,000 /m);
});

test("with repeats, the table has the median of the sums and the range of the clients", () => {
  const steps = stepsWith([1, 2], 3, (clients, repeat) => [stageOf("scan", clients, 10 + repeat)]);
  assert.deepEqual(sumTables(steps, 80), [
    [
      "scan       runs    each ops/s  sum ops/s   gain",
      "1 client      3  10.0 to 12.0       11.0",
      "2 clients     3  10.0 to 12.0       22.0  +100%",
    ].join("\n"),
  ]);
});

test("a table fits its width", () => {
  for (const repeats of [1, 2]) {
    for (const width of [80, 120]) {
      const steps = stepsWith([1, 2, 3, 4, 5, 6, 7, 8, 9, 1_000], repeats, (clients) => [
        stageOf("insert", clients, 123_456),
      ]);
      for (const line of sumTables(steps, width).join("\n").split("\n")) {
        assert.ok(line.length <= width, line);
      }
    }
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

test("the heading has the number of runs, and of hosts if there are several", () => {
  const source = { file: "x", host: "a", pid: 1, clients: 1, startedUnixMs: 0 };
  const sumOf = [source, { ...source, host: "b" }];
  const heading = (sources: typeof sumOf) => headingLines({ ...levelSweep(), sumOf: sources })[0];
  assert.equal(heading(sumOf), "me-a4-x: sum of 2 runs on 2 hosts, server 10.0.0.1:41873");
  assert.equal(heading([source]), "me-a4-x: sum of 1 run, server 10.0.0.1:41873");
});
