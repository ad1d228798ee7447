/** Proves the times of the stages of a run by time, also if the replies of one are late. */
import assert from "assert";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { StageSlots } from "../../../lib/perf/run/stage_slots.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("stage slots");

/** StageSlots of 2.5 s, of which the first 0.7 s do not count. */
function slotsFrom(alignedUnixMs: number | undefined, ...flags: string[]): StageSlots {
  return new StageSlots(
    parseTestPerfConfig(["a", "--duration", "2", "--warmup", "0.5", ...flags], {}),
    alignedUnixMs,
  );
}

test("aligned stages follow each other without a pause, also if a process is late in the first edge", () => {
  const slots = slotsFrom(10_000);
  for (
    const [nowMs, startUnixMs] of [[9_960, 10_000], [12_501, 12_500], [15_700, 15_000]] as const
  ) {
    assert.deepEqual(slots.take(nowMs), { startUnixMs, missed: 0 });
  }
});

test("a process that is later takes the next slot that it can measure", () => {
  const slots = slotsFrom(10_000);
  assert.deepEqual(slots.take(10_701), { startUnixMs: 12_500, missed: 1 });
  assert.deepEqual(slots.take(23_000), { startUnixMs: 22_500, missed: 3 });
  assert.deepEqual(slots.take(23_100), { startUnixMs: 25_000, missed: 0 });
});

test("inserts before removes have a slot of their own, and end before the removes begin", () => {
  const slots = slotsFrom(10_000);
  assert.deepEqual(slots.takeForRefill(10_900), { endUnixMs: 12_300, missed: 0 });
  assert.equal(slots.take(12_350).startUnixMs, 12_500);
  // Less than half of the slot from 15,000 is left.
  assert.deepEqual(slots.takeForRefill(16_300), { endUnixMs: 19_800, missed: 1 });
  assert.equal(slots.take(19_900).startUnixMs, 20_000);
  const pipelined = slotsFrom(10_000, "--pipeline", "16");
  assert.equal(pipelined.takeForRefill(10_000).endUnixMs, 14_800);
  assert.equal(pipelined.take(14_900).startUnixMs, 15_000);
});

test("the stages of a process that is alone begin when it is ready", () => {
  const slots = slotsFrom(undefined);
  assert.deepEqual(slots.take(10_701), { startUnixMs: 10_701, missed: 0 });
  assert.deepEqual(slots.takeForRefill(14_000), { endUnixMs: 16_500, missed: 0 });
  assert.deepEqual(slots.take(14_200), { startUnixMs: 14_200, missed: 0 });
});
