/** Proves that a client's own share of the processor is what it took. */
import assert from "assert";
import { processorData, readProcessorTime } from "../../../lib/perf/measure/cpu_time.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `processor: ${name}`, permissions: "none", fn });
}

test("shares are of the time between two looks", () => {
  const before = { allMs: 100, mainMs: 50 }, after = { allMs: 1_600, mainMs: 950 };
  assert.deepEqual(processorData(before, after, 1_000), { allShare: 1.5, mainShare: 0.9 });
  assert.deepEqual(processorData(before, after, 0), {
    allShare: 0,
    mainShare: 0,
    isTooShort: true,
  });
});

test("a thread is never busier than always, and a short time says nothing", () => {
  const before = { allMs: 0, mainMs: 0 }, after = { allMs: 210, mainMs: 210 };
  assert.deepEqual(processorData(before, after, 200), { allShare: 1.05, mainShare: 1 });
  assert.deepEqual(processorData(before, { allMs: 20, mainMs: 20 }, 199.9).isTooShort, true);
});

test("work shows in the time of the thread that does it, and of the process", () => {
  const before = readProcessorTime();
  const begun = performance.now();
  let after = before;
  // As long as it takes to get so much of a processor that others want too.
  while (after.mainMs - before.mainMs < 100) {
    for (let n = 0; n < 1e5; n++) Math.sqrt(n);
    after = readProcessorTime();
  }
  const elapsedMs = performance.now() - begun;
  assert.ok(after.mainMs - before.mainMs <= elapsedMs + 30, `in ${elapsedMs} ms`);
  assert.ok(after.allMs - before.allMs >= 80, "the process has all that its thread took");
});
