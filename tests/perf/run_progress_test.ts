/** Proves what the progress line of a measurement says, and what a process in the background writes. */
import assert from "assert";
import { machineClock } from "../../lib/base/clock.ts";
import { RunProgress } from "../../lib/perf/run_progress.ts";
import type { Screen } from "../../lib/terminal/status_line.ts";
import { stoppedClock } from "./stopped_clock.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("run progress");

/** Of a pipe: nothing is drawn, and nothing written. */
const PIPE: Screen = {
  hasStderr: false,
  isSmart: true,
  columns: () => 80,
  isForeground: () => false,
};

const withBar = (full: number, empty: number) => "\u2588".repeat(full) + "\u2591".repeat(empty);

test("stages by time: the stage, the time of all stages, and the rate of the last second", () => {
  using clock = stoppedClock();
  const progress = new RunProgress(PIPE, 4, assert.fail);
  const line = (columns = 79) => progress.text(columns, performance.now());
  progress.beginStage("insert", { ms: 2_000 });
  assert.equal(line(), `insert ${withBar(0, 24)} 0.0 of 8.0 s, 0 ops/s`);
  clock.advance(1_000);
  progress.step(1_500);
  assert.equal(line(), `insert ${withBar(3, 21)} 1.0 of 8.0 s, 1,500 ops/s`);
  clock.advance(1_500); // the last replies are late
  assert.match(line(), /^insert .* 2\.0 of 8\.0 s, /);
  progress.endStage();
  assert.equal(line(), "preparing a stage");
  progress.beginStage("lookup", { ms: 2_000 });
  assert.match(line(), /^lookup .* 2\.0 of 8\.0 s, 0 ops\/s$/);
  assert.ok(line(40).length <= 40 && line(40).includes("\u2588"));
  assert.equal(line(30), "lookup 2.0 of 8.0 s, 0 ops/s");
  for (let ended = 1; ended < 4; ended++) {
    progress.beginStage("lookup", { ms: 2_000 });
    progress.endStage();
  }
  assert.equal(line(), "removing the keys");
  progress.end();
});

test("stages with a number of operations: their share and the time so far", () => {
  using clock = stoppedClock();
  const progress = new RunProgress(PIPE, 2, assert.fail);
  progress.beginStage("insert", { ops: 1_000 });
  progress.endStage();
  progress.beginStage("scan", { ops: 1_000 });
  clock.advance(3_000);
  progress.step(500);
  assert.equal(
    progress.text(79, performance.now()),
    `scan ${withBar(18, 6)} 75%, 3 s, 167 ops/s`,
  );
  progress.end();
});

test("a sweep: the step, the time so far, and what is left if that is known", () => {
  using clock = stoppedClock();
  const progress = new RunProgress(PIPE, 2, assert.fail);
  const line = (columns = 100) => progress.text(columns, performance.now());
  progress.beginRun("range, step 1 of 4, 1 client", undefined);
  progress.beginStage("insert", { ms: 1_000 });
  clock.advance(10_000);
  assert.equal(line(), "range, step 1 of 4, 1 client: insert 10 s, 0 ops/s");
  progress.endStage();
  progress.beginRun("round 1 of 5, step 2 of 4, 3 clients", 31_000);
  progress.beginStage("insert", { ms: 1_000 });
  clock.advance(1_000);
  assert.match(line(), /^round 1 of 5, step 2 of 4, 3 clients: insert .* 11 s, about 30 s left, /);
  assert.ok(line(79).length <= 79 && !line(79).includes("\u2588"), "the bar is what is left out");
  progress.end();
});

test("the wait for an aligned start counts down", () => {
  const progress = new RunProgress(PIPE, 4, assert.fail);
  progress.waitFor(machineClock.unixMs() + 60_000, 3);
  assert.match(
    progress.text(79, performance.now()),
    /^begins at \d\d:\d\d:\d\d together with 3 others, in (60|[1-5]\d|\d)\.\d s$/,
  );
  progress.end();
});

test("in the background of a terminal, one sentence when it begins, and nothing after it", () => {
  const sentences: string[] = [];
  const screen = { ...PIPE, hasStderr: true };
  const write = (sentence: string) => void sentences.push(sentence);
  const aligned = new RunProgress(screen, 4, write);
  aligned.waitFor(machineClock.unixMs() + 4_000, 1);
  aligned.beginStage("insert", { ms: 2_000 });
  aligned.end();
  const alone = new RunProgress(screen, 4, write);
  alone.beginStage("insert", { ms: 2_000 });
  alone.endStage();
  alone.beginStage("lookup", { ms: 2_000 });
  alone.end();
  const [first = "", second = "", ...others] = sentences;
  assert.match(first, /^begins at \d\d:\d\d:\d\d together with 1 other$/);
  assert.match(second, /^begins at \d\d:\d\d:\d\d, for 8 s$/);
  assert.deepEqual(others, []);
});
