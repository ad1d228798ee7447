/** Proves that the frequency of keys is that of their distribution. */
import assert from "assert";
import { createKeyChoice, distributionText } from "../../../lib/perf/workload/key_distribution.ts";
import { randomFractions } from "../../../lib/perf/workload/seeded_streams.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("key distribution");

const DRAWS = 200_000;

/** Counts how often each key is chosen. */
function counts(choose: () => number, keys: number): number[] {
  const counted = new Array<number>(keys).fill(0);
  for (let draw = 0; draw < DRAWS; draw++) {
    const key = choose();
    assert.ok(Number.isInteger(key) && key >= 0 && key < keys, `${key}`);
    counted[key] = (counted[key] ?? 0) + 1;
  }
  return counted;
}

/**
 * Pearson's chi-squared of counts against probabilities, in standard deviations from the expected value
 * (by Wilson and Hilferty). Rare keys are grouped, so that each class expects at least 20.
 */
function deviation(counted: readonly number[], probabilities: readonly number[]): number {
  let chiSquared = 0, classes = 0, expected = 0, observed = 0;
  for (const [key, probability] of probabilities.entries()) {
    expected += probability * DRAWS;
    observed += counted[key] ?? 0;
    if (expected < 20 && key < probabilities.length - 1) continue;
    chiSquared += (observed - expected) ** 2 / expected;
    classes++;
    expected = observed = 0;
  }
  const freedom = classes - 1;
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(chiSquared / freedom) - (1 - spread)) / Math.sqrt(spread);
}

function zipfProbabilities(keys: number, theta: number): number[] {
  const weights = Array.from({ length: keys }, (_, at) => 1 / (at + 1) ** theta);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

test("uniform: all keys are equally frequent", () => {
  for (const keys of [2, 10, 1_000]) {
    const counted = counts(createKeyChoice({ kind: "uniform" }, keys, randomFractions(1)), keys);
    const off = deviation(counted, new Array<number>(keys).fill(1 / keys));
    assert.ok(Math.abs(off) < 4, `${keys} keys: ${off} standard deviations`);
  }
});

test("zipf: key of rank k with a probability proportional to 1 / k ** theta", () => {
  for (const theta of [0.5, 0.99, 1, 1.2, 3]) {
    for (const keys of [2, 10, 1_000, 20_000]) {
      const choose = createKeyChoice({ kind: "zipf", theta }, keys, randomFractions(2, keys));
      const off = deviation(counts(choose, keys), zipfProbabilities(keys, theta));
      assert.ok(Math.abs(off) < 4, `theta ${theta}, ${keys} keys: ${off} standard deviations`);
    }
  }
});

test("a single key is always chosen, and a billion keys use no memory", () => {
  for (const distribution of [{ kind: "uniform" }, { kind: "zipf", theta: 0.99 }] as const) {
    const one = createKeyChoice(distribution, 1, randomFractions(4));
    assert.ok(Array.from({ length: 1_000 }, one).every((key) => key === 0));
    const many = createKeyChoice(distribution, 1e9, randomFractions(5));
    const counted = Array.from({ length: 10_000 }, many);
    assert.ok(counted.every((key) => key >= 0 && key < 1e9) && Math.max(...counted) > 1e7);
    assert.throws(() => createKeyChoice(distribution, 0, randomFractions(6)), RangeError);
  }
});

test("the text of a distribution is that of the command line", () => {
  assert.equal(distributionText({ kind: "uniform" }), "uniform");
  assert.equal(distributionText({ kind: "zipf", theta: 0.99 }), "zipf:0.99");
});
