/** Proves the shared statistics against published values. */
import assert from "assert";
import {
  median,
  percentileInterval,
  pooledNoise,
  quantile,
  resample,
  studentT975,
  widenSpread,
} from "../../../lib/perf/analysis/statistics.ts";
import { noisyRepeats } from "../normal_noise.ts";
import { within } from "./usl_steps.ts";
import { randomFrom } from "../../../bench/harness/random.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("statistics");

test("median of odd, even, one and no values, in any order", () => {
  assert.equal(median([10, 1, 9]), 9);
  assert.equal(median([10, 1, 9, 2]), 5.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

test("quantiles are R's and NumPy's", () => {
  // numpy.quantile([15, 20, 35, 40, 50], [0.05, 0.3, 0.4, 0.95])
  const values = [40, 15, 50, 20, 35];
  const found = [0.05, 0.3, 0.4, 0.95].map((share) => quantile(values, share));
  assert.deepEqual(found, [16, 23, 29, 48]);
  assert.equal(quantile([1, Infinity, Infinity], 0.9), Infinity);
});

test("a percentile interval leaves 2.5% on either side", () => {
  const { low, high } = percentileInterval(Array.from({ length: 1_001 }, (_, i) => 1_000 - i));
  assert.ok(Math.abs(low - 25) < 1e-9 && Math.abs(high - 975) < 1e-9, `${low} to ${high}`);
});

test("Student's t is that of the tables", () => {
  // Tables of the t distribution, 97.5%.
  const table = [[3, 3.182], [4, 2.776], [5, 2.571], [10, 2.228], [30, 2.042], [1e9, 1.96]];
  for (const [degrees = NaN, expected = NaN] of table) {
    within(studentT975(degrees), expected, 0.01 * expected);
  }
});

test("resamples have the same number of values, all from the original, and depend on the seed only", () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8];
  const first = resample(values, randomFrom(7));
  assert.equal(first.length, 8);
  assert.ok(first.every((one) => values.includes(one)));
  assert.deepEqual(resample(values, randomFrom(7)), first);
  assert.notDeepEqual(resample(values, randomFrom(8)), first);
});

test("widened values vary as much as their population, around the same center", () => {
  assert.deepEqual(widenSpread([1, 2], 1.5), [1.5 - Math.SQRT1_2, 1.5 + Math.SQRT1_2]);
  assert.deepEqual(widenSpread([3], 3), [3]);
  assert.deepEqual(widenSpread([0, 2, 4, 6], 3, 3), [-3, 1, 5, 9]);
});

test("pooled noise is the standard deviation for any levels, and outliers do not change it", () => {
  const random = randomFrom(1);
  const groups = Array.from({ length: 200 }, (_, i) => noisyRepeats(10 * (i + 1), 0.05, 3, random));
  const noise = pooledNoise(groups);
  within(noise?.share ?? NaN, 0.05, 0.004);
  assert.equal(noise?.degreesOfFreedom.toFixed(3), "344.000");
  const spoilt = groups.map((group, i) => i % 10 === 0 ? [...group.slice(1), 0] : group);
  within(pooledNoise(spoilt)?.share ?? NaN, 0.05, 0.01);
});

test("pooled noise needs a group with two repeats", () => {
  assert.equal(pooledNoise([[1], [2]]), undefined);
  assert.equal(pooledNoise([[0, 0], [0, 0]]), undefined);
  assert.equal(pooledNoise([]), undefined);
  assert.equal(pooledNoise([[5, 5], [1]])?.share, 0);
});
