/** Proves the verdicts on the difference of two runs. */
import assert from "assert";
import { type Change, compareRuns } from "../../../lib/perf/analysis/change.ts";
import { noisyRepeats } from "../normal_noise.ts";
import { randomFrom } from "../../../bench/harness/random.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("change");

const HIGHER = { better: "higher" } as const;
const LOWER = { better: "lower" } as const;
const BEFORE = [100, 101, 99, 100.5, 99.5];
const TIMES_1_2 = BEFORE.map((value) => 1.2 * value);

test("more throughput is faster, more latency is slower, and vice versa", () => {
  const verdicts = ([before, after]: [number[], number[]]) =>
    [HIGHER, LOWER].map((options) => compareRuns(before, after, options).verdict);
  assert.deepEqual(verdicts([BEFORE, TIMES_1_2]), ["faster", "slower"]);
  assert.deepEqual(verdicts([TIMES_1_2, BEFORE]), ["slower", "faster"]);
});

test("the ratio is new divided by old, inside its interval, and in the sentence", () => {
  const { ratio, ratioLow, ratioHigh, sentence } = compareRuns(BEFORE, TIMES_1_2, HIGHER);
  assert.equal(ratio?.toFixed(9), "1.200000000");
  assert.ok(ratioLow !== null && ratioHigh !== null && ratioLow < 1.2 && 1.2 < ratioHigh);
  assert.ok(ratioLow > 1.17 && ratioHigh < 1.23, `${ratioLow} to ${ratioHigh}`);
  assert.match(sentence, /^Faster: \+20\.0% \(95%: \+1\d\.\d% to \+2\d\.\d%\)\.$/);
  assert.match(compareRuns(TIMES_1_2, BEFORE, HIGHER).sentence, /^Slower: -16\.7% \(95%: -/);
});

test("equal runs, and a difference below 1%, are no more than noise", () => {
  assert.equal(compareRuns(BEFORE, BEFORE, HIGHER).verdict, "no more than noise");
  const equal = (value: number) => Array<number>(5).fill(value);
  assert.equal(compareRuns(equal(1_000), equal(1_009), HIGHER).verdict, "no more than noise");
  assert.equal(compareRuns(equal(1_000), equal(1_011), HIGHER).verdict, "faster");
});

test("a difference within the spread of repeats is no more than noise", () => {
  const { verdict } = compareRuns([80, 120, 100, 90, 110], [88, 130, 108, 99, 119], HIGHER);
  assert.equal(verdict, "no more than noise");
});

test("one outlier among the repeats does not change the verdict", () => {
  for (const outlier of [1, 10_000]) {
    const after = [outlier, ...TIMES_1_2.slice(1), 120];
    assert.equal(compareRuns([...BEFORE, 100], after, HIGHER).verdict, "faster", `${outlier}`);
    const same = [outlier, ...BEFORE.slice(1), 100];
    assert.equal(compareRuns([...BEFORE, 100], same, HIGHER).verdict, "no more than noise");
  }
});

test("too few repeats have no verdict, for any difference", () => {
  const verdict = (olds: number, news: number) =>
    compareRuns(BEFORE.slice(0, olds), TIMES_1_2.slice(0, news), HIGHER).verdict;
  for (const [olds, news] of [[1, 1], [2, 5], [3, 3], [3, 4], [5, 2]] as const) {
    assert.equal(verdict(olds, news), "too few repeats to say", `${olds} and ${news}`);
  }
  const nine = Array.from({ length: 9 }, (_, i) => 120 + i / 10);
  assert.equal(compareRuns([100, 101], nine, HIGHER).verdict, "too few repeats to say");
  for (const [olds, news] of [[4, 4], [3, 5], [5, 5]] as const) {
    assert.equal(verdict(olds, news), "faster", `${olds} and ${news}`);
  }
});

test("noise alone is a change in about 5 of 100 pairs of runs; a change of 20% is found", () => {
  for (const repeats of [4, 5, 6, 10]) {
    const random = randomFrom(repeats);
    let alarms = 0, found = 0;
    for (let i = 0; i < 300; i++) {
      const before = noisyRepeats(1_000, 0.05, repeats, random);
      const options = { ...HIGHER, seed: i, resamples: 300 };
      const same = compareRuns(before, noisyRepeats(1_000, 0.05, repeats, random), options);
      if (same.verdict !== "no more than noise") alarms++;
      const faster = compareRuns(before, noisyRepeats(1_200, 0.05, repeats, random), options);
      if (faster.verdict === "faster") found++;
    }
    assert.ok(alarms <= 27, `${alarms} of 300 false alarms with ${repeats} repeats`);
    assert.ok(found >= 255, `${found} of 300 found with ${repeats} repeats`);
  }
});

test("zeros have no ratio, and a change to zero is slower", () => {
  const zeros = Array<number>(5).fill(0);
  const facts = ({ verdict, ratio, ratioLow, ratioHigh }: Change) =>
    [verdict, ratio, ratioLow, ratioHigh] as const;
  const noise = facts(compareRuns(zeros, zeros, HIGHER));
  assert.deepEqual(noise, ["no more than noise", null, null, null]);
  assert.deepEqual(facts(compareRuns(BEFORE, zeros, HIGHER)), ["slower", 0, 0, 0]);
  assert.deepEqual(facts(compareRuns(zeros, BEFORE, HIGHER)), ["faster", null, null, null]);
  assert.match(compareRuns(zeros, BEFORE, HIGHER).sentence, /no ratio to 0/);
});

test("values that are not measurements are rejected", () => {
  assert.throws(() => compareRuns([], BEFORE, HIGHER), /old run has no repeat/);
  assert.throws(() => compareRuns(BEFORE, [], HIGHER), /new run has no repeat/);
  assert.throws(() => compareRuns(BEFORE, [1, -2], HIGHER), /got -2/);
  assert.throws(() => compareRuns([NaN], BEFORE, HIGHER), /got NaN/);
});

test("the same seed results in the same plain data, another seed in other data", () => {
  const after = [104, 97, 99, 108, 101];
  const change = compareRuns(BEFORE, after, HIGHER);
  assert.deepEqual(compareRuns(BEFORE, after, { ...HIGHER, seed: change.bootstrap.seed }), change);
  assert.deepEqual(JSON.parse(JSON.stringify(change)), change);
  const [before, now] = [[90, 99, 104, 93, 108, 111, 97], [94, 101, 115, 97, 99, 103, 120]];
  const seeds = [1, 2, 3, 4].map((seed) =>
    compareRuns(before, now, { ...HIGHER, seed, resamples: 40 }).ratioLow
  );
  assert.ok(new Set(seeds).size > 1);
});
