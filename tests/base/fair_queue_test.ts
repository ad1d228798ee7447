/** Proves the order of the two lanes, that no item waits forever, and that none is lost. */
import assert from "assert";
import fc from "fast-check";
import { QUICK_PER_SLOW } from "../../lib/base/limits.ts";
import { FairQueue } from "../../lib/base/fair_queue.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("fair_queue");

test("quick items come first, and each lane is first in, first out", () => {
  const queue = new FairQueue<string>();
  for (const [name, isQuick] of [["a", false], ["b", true], ["c", false], ["d", true]] as const) {
    queue.add(name, isQuick);
  }
  assert.equal(queue.length, 4);
  assert.deepEqual([1, 2, 3, 4, 5].map(() => queue.take()), ["b", "d", "a", "c", undefined]);
});

test("a slow item comes at the latest after QUICK_PER_SLOW quick ones", () => {
  const queue = new FairQueue<number>();
  for (const slow of [-1, -2]) queue.add(slow, false);
  for (let quick = 0; quick < 3 * QUICK_PER_SLOW; quick++) queue.add(quick, true);
  const order = Array.from({ length: queue.length }, () => queue.take() ?? 0);
  assert.equal(order.indexOf(-1), QUICK_PER_SLOW);
  assert.equal(order.indexOf(-2), 2 * QUICK_PER_SLOW + 1);
});

test("no item is lost or taken twice, and each lane keeps its order", () => {
  const steps = fc.array(fc.option(fc.boolean()), { maxLength: 5_000, size: "max" });
  fc.assert(
    fc.property(steps, (steps) => {
      const queue = new FairQueue<{ number: number; isQuick: boolean }>();
      const taken: { number: number; isQuick: boolean }[] = [];
      let added = 0;
      for (const isQuick of steps) {
        if (isQuick !== null) queue.add({ number: added++, isQuick }, isQuick);
        else taken.push(...[queue.take()].filter((item) => item !== undefined));
        assert.equal(queue.length, added - taken.length);
      }
      for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
      assert.equal(new Set(taken.map(({ number }) => number)).size, added);
      for (const lane of [true, false]) {
        const numbers = taken.filter(({ isQuick }) => isQuick === lane).map(({ number }) => number);
        assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 50 },
  );
});
