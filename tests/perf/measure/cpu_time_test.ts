/** Proves that the processor share of a client is the time that it used. */
import assert from "assert";
import { processorData, readProcessorTime } from "../../../lib/perf/measure/cpu_time.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("cpu_time");

test("shares are those of the time between two readings", () => {
  const before = { allMs: 100, mainMs: 50 }, after = { allMs: 1_600, mainMs: 950 };
  assert.deepEqual(processorData(before, after, 1_000), { allShare: 1.5, mainShare: 0.9 });
  const none = { allShare: 0, mainShare: 0, isTooShort: true };
  assert.deepEqual(processorData(before, after, 0), none);
});

test("the share of a thread is at most 1, and a short time is marked", () => {
  const before = { allMs: 0, mainMs: 0 }, after = { allMs: 210, mainMs: 210 };
  assert.deepEqual(processorData(before, after, 200), { allShare: 1.05, mainShare: 1 });
  assert.deepEqual(processorData(before, { allMs: 20, mainMs: 20 }, 199.9).isTooShort, true);
});

test("polls that found nothing are no work, and have a share of their own", () => {
  const before = { allMs: 100, mainMs: 50, fruitlessMs: 10 };
  const after = { allMs: 1_600, mainMs: 950, fruitlessMs: 310 };
  assert.deepEqual(processorData(before, after, 1_000), {
    ...{ allShare: 1.2, mainShare: 0.6, pollingShare: 0.3 },
  });
  // The time of a thread is less exact than that of the polls.
  const { mainShare } = processorData(before, { ...after, mainMs: 300 }, 1_000);
  assert.equal(mainShare, 0);
});

test("work shows in the time of its thread and of the process", () => {
  const before = readProcessorTime();
  const startMs = performance.now();
  let after = before;
  // Other programs use the processor, too, so the loop ends when the thread has had its time.
  while (after.mainMs - before.mainMs < 100) {
    for (let n = 0; n < 1e5; n++) Math.sqrt(n);
    after = readProcessorTime();
  }
  const elapsedMs = performance.now() - startMs;
  assert.ok(after.mainMs - before.mainMs <= elapsedMs + 30, `in ${elapsedMs} ms`);
  assert.ok(after.allMs - before.allMs >= 80, "the process has at least the time of its thread");
});
