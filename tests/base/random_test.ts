/** Proves that random numbers are reproducible and fair, and differ between similar seeds. */
import assert from "assert";
import { randomFrom } from "../../lib/base/random.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("random");

function draws(seed: number, count: number, limit: number): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => random.below(limit));
}

test("the same seed gives the same numbers, another seed gives others", () => {
  assert.deepEqual(draws(1, 20, 1_000), draws(1, 20, 1_000));
  assert.notDeepEqual(draws(1, 20, 1_000), draws(2, 20, 1_000));
});

test("numbers are from 0 to below the limit, all equally likely", () => {
  const counts = Array<number>(10).fill(0);
  for (const one of draws(3, 10_000, 10)) counts[one] = (counts[one] ?? 0) + 1;
  // Standard deviation of each count is 30.
  assert.ok(counts.every((count) => Math.abs(count - 1_000) < 150), `${counts}`);
});

test("the first numbers of consecutive seeds are like those of one seed", () => {
  const counts = Array<number>(10).fill(0);
  const pairs = Array<number>(100).fill(0);
  for (let seed = 0; seed < 10_000; seed++) {
    const [first = 0, second = 0] = draws(seed, 2, 10);
    counts[first] = (counts[first] ?? 0) + 1;
    const pair = 10 * first + second;
    pairs[pair] = (pairs[pair] ?? 0) + 1;
  }
  assert.ok(counts.every((count) => Math.abs(count - 1_000) < 150), `${counts}`);
  // Standard deviation of each is 10.
  assert.ok(pairs.every((count) => Math.abs(count - 100) < 50), `${pairs}`);
});
