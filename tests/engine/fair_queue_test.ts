/** Proves who comes first, that nobody waits for ever, and that nobody is lost. */
import assert from "assert";
import fc from "fast-check";
import { QUICK_PER_SLOW } from "../../lib/base/limits.ts";
import { FairQueue } from "../../lib/engine/fair_queue.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `waiting_line: ${name}`, permissions: "none", fn });
}

test("who asks for little comes first, and each in the order of coming", () => {
  const line = new FairQueue<string>();
  for (const [name, isQuick] of [["a", false], ["b", true], ["c", false], ["d", true]] as const) {
    line.add(name, isQuick);
  }
  assert.equal(line.length, 4);
  assert.deepEqual([1, 2, 3, 4, 5].map(() => line.take()), ["b", "d", "a", "c", undefined]);
});

test("who asks for much comes after so many others at the latest", () => {
  const line = new FairQueue<number>();
  for (const slow of [-1, -2]) line.add(slow, false);
  for (let quick = 0; quick < 3 * QUICK_PER_SLOW; quick++) line.add(quick, true);
  const order = Array.from({ length: line.length }, () => line.take() ?? 0);
  assert.equal(order.indexOf(-1), QUICK_PER_SLOW);
  assert.equal(order.indexOf(-2), 2 * QUICK_PER_SLOW + 1);
});

test("nobody is lost or served twice, and each kind keeps its order", () => {
  const steps = fc.array(fc.option(fc.boolean()), { maxLength: 5_000, size: "max" });
  fc.assert(
    fc.property(steps, (steps) => {
      const line = new FairQueue<{ number: number; isQuick: boolean }>();
      const taken: { number: number; isQuick: boolean }[] = [];
      let added = 0;
      for (const isQuick of steps) {
        if (isQuick !== null) line.add({ number: added++, isQuick }, isQuick);
        else taken.push(...[line.take()].filter((one) => one !== undefined));
        assert.equal(line.length, added - taken.length);
      }
      for (let one = line.take(); one !== undefined; one = line.take()) taken.push(one);
      assert.equal(new Set(taken.map(({ number }) => number)).size, added);
      for (const kind of [true, false]) {
        const numbers = taken.filter(({ isQuick }) => isQuick === kind).map(({ number }) => number);
        assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 50 },
  );
});
