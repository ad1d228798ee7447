/** Proves the ticks and the ends of a logarithmic axis. */
import assert from "assert";
import { logTicks } from "../../lib/plot/ticks.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("ticks");

test("returns powers of ten, with steps between if they are few", () => {
  assert.deepEqual(logTicks(1, 10_000).values, [1, 10, 100, 1_000, 10_000]);
  assert.deepEqual(logTicks(3, 40).values, [2, 5, 10, 20, 50]);
  assert.deepEqual(logTicks(0.001, 0.002).values, [0.001, 0.002]);
  const wide = { domain: [0.05, 2_000], values: [0.1, 1, 10, 100, 1_000] };
  assert.deepEqual(logTicks(0.08, 1_048), wide);
});

test("encloses all values, with at most ten ticks", () => {
  for (
    const [least, most] of [[5, 5], [10, 10], [0.07, 900_000], [1e-300, 1e300], [9.99, 10.1]]
  ) {
    assert(least && most);
    const { domain: [low, high], values } = logTicks(least, most);
    assert(
      low <= least && high >= most && low < high,
      `${low} to ${high} contains ${least}, ${most}`,
    );
    assert(values.length >= 2 && values.length <= 10, `${values.length} ticks`);
  }
});
