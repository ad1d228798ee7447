/** Proves the chart in the terminal, at any width. */
import assert from "assert";
import { type ChartStyle, terminalChart } from "../../../lib/perf/results/terminal_chart.ts";
import { failedStage, levelSweep, runWith, stageOf, stepsWith, sweepWith } from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const SWEEP = levelSweep();
const PLAIN: ChartStyle = { columns: 80, hasBlocks: true };

const test = testsOf("terminal_chart");

/** A bar of full blocks. */
function blocks(count: number): string {
  return "\u2588".repeat(count);
}

test("the exact chart of a sweep at 40 characters", () => {
  assert.deepEqual(terminalChart(SWEEP, { ...PLAIN, columns: 40 }), [
    "insert, by clients (ops/s)",
    `   1 ${blocks(4)}\u258A               1,001`,
    `   2 ${blocks(9)}\u258C          2,001`,
    `   4 ${blocks(19)} 4,001 < plateau`,
    `   8 ${blocks(19)} 4,001`,
    `  16 ${blocks(19)} 4,001`,
    "lookup, by clients (ops/s)",
    `   1 ${blocks(4)}\u258C              10,010`,
    `   2 ${blocks(9)}          20,010`,
    `   4 ${blocks(18)} 40,010 < plateau`,
    `   8 ${blocks(18)} 40,010`,
    `  16 ${blocks(18)} 40,010`,
  ]);
});

test("a run's stages at 40 characters, without Unicode", () => {
  const stages = [stageOf("insert", 1, 500), stageOf("scan", 1, 5), stageOf("remove", 1, 250)];
  const style = { ...PLAIN, columns: 40, hasBlocks: false };
  assert.deepEqual(terminalChart(runWith(stages), style), [
    "Throughput (ops/s)",
    `  insert ${"#".repeat(27)} 500`,
    `    scan #${" ".repeat(26)} 5`.replace(" 5", "   5"),
    `  remove ${"#".repeat(14)}${" ".repeat(13)} 250`,
  ]);
});

test("no line is wider than the terminal, and bars have a maximum", () => {
  for (const columns of [24, 40, 80, 200, 1_000]) {
    for (const hasBlocks of [true, false]) {
      const lines = terminalChart(SWEEP, { ...PLAIN, columns, hasBlocks });
      const widest = Math.max(...lines.map((line) => [...line].length));
      assert.ok(widest <= Math.max(columns, 26), `${widest} of ${columns}`);
      assert.ok(widest <= 100, `${widest}`);
    }
  }
});

test("without room for words, an arrow is the mark and the words follow below", () => {
  const lines = terminalChart(SWEEP, { ...PLAIN, columns: 26 });
  assert.match(lines[3] ?? "", /^ {3}4 .* 4,001 <$/);
  assert.equal(lines[6], "  < plateau");
});

test("zero has no bar, and causes no division by zero", () => {
  const zero = sweepWith(stepsWith([1, 2, 4], 3, () => [failedStage("insert")]));
  const lines = terminalChart(zero, PLAIN);
  assert.equal(lines.length, 4);
  for (const line of lines.slice(1)) assert.match(line, /^ {2}\d +0$/);
});

test("data without stages, or with a single stage, has no chart", () => {
  assert.deepEqual(terminalChart(sweepWith([]), PLAIN), []);
  assert.deepEqual(terminalChart(runWith([]), PLAIN), []);
  assert.deepEqual(terminalChart(runWith([stageOf("insert", 1, 9)]), PLAIN), []);
});
