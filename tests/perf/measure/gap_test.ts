/** Proves the gaps of one client and of several: times without replies. */
import assert from "assert";
import { commonGaps, type Gap, GapDetector, MIN_GAP_MS } from "../../../lib/perf/measure/gap.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("gap");

function gap(fromUnixMs: number, toUnixMs: number, changes: Partial<Gap> = {}): Gap {
  return { fromUnixMs, toUnixMs, connectionLost: false, answered: true, ...changes };
}

test("replies in time are not a gap, and neither is a time without requests", () => {
  const watch = new GapDetector(0, 0, 1);
  for (let at = 0; at < 10; at++) {
    watch.recordRequest(at * 5_000);
    watch.recordReply(at * 5_000 + MIN_GAP_MS - 1, 1);
  }
  assert.deepEqual(watch.gaps, []);
});

test("a gap lasts from the last reply to the next one", () => {
  const watch = new GapDetector(0, 1e6, 1);
  for (const atMs of [0, 0, 300, 1_500]) watch.recordRequest(atMs);
  for (const atMs of [2_000, 2_400, 2_400 + MIN_GAP_MS, 2_450 + MIN_GAP_MS]) {
    watch.recordReply(atMs, 1);
  }
  const second = gap(1e6 + 2_400, 1e6 + 2_400 + MIN_GAP_MS);
  assert.deepEqual(watch.gaps, [gap(1e6, 1e6 + 2_000), second]);
});

test("a lost connection is a gap of any length; a failed request is not a reply", () => {
  const watch = new GapDetector(0, 0, 1);
  watch.recordRequest(0);
  watch.recordRequest(1);
  watch.recordReply(10, 1);
  watch.recordFailure();
  watch.recordRequest(20);
  watch.recordReply(30, 2);
  watch.recordRequest(40);
  watch.recordReply(50, 2);
  watch.recordRequest(60);
  watch.recordServerGone(70);
  assert.deepEqual(watch.gaps, [
    gap(20, 30, { connectionLost: true }),
    gap(60, 70, { connectionLost: true, answered: false }),
  ]);
});

test("if the server is gone before a request is sent, the gap begins at the last reply", () => {
  const watch = new GapDetector(3_500, 0, 1);
  watch.recordServerGone(3_506);
  assert.deepEqual(watch.gaps, [gap(3_500, 3_506, { connectionLost: true, answered: false })]);
});

test("several clients have a gap while none receives a reply", () => {
  const a = [gap(0, 10), gap(20, 40, { connectionLost: true }), gap(90, 100, { answered: false })];
  const b = [gap(5, 25), gap(30, 35), gap(50, 60), gap(95, 100, { answered: false })];
  const common = [
    gap(5, 10),
    gap(20, 25, { connectionLost: true }),
    gap(30, 35, { connectionLost: true }),
    gap(95, 100, { answered: false }),
  ];
  assert.deepEqual(commonGaps([a, b]), common);
  assert.deepEqual(commonGaps([b, a]), common);
  assert.deepEqual(commonGaps([a]), a);
  assert.deepEqual(commonGaps([a, [], b]), []);
  assert.deepEqual(commonGaps([]), []);
});
