/** Proves that the analysis finds the plateau of data with a known one. */
import assert from "assert";
import { analyzePlateau, findPlateau } from "../../../lib/perf/analysis/plateau.ts";
import type { SweepStep } from "../../../lib/perf/analysis/sweep_step.ts";
import { noisyRepeats } from "../normal_noise.ts";
import { randomFrom } from "../../../bench/harness/random.ts";
import { testsOf } from "../../helpers/pure.ts";

const CLIENTS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

const test = testsOf("plateau");

/** Steps of five repeats, which always differ by the same 1%. */
function steps(...throughputs: number[]): SweepStep[] {
  return throughputs.map((value, i) => ({
    clients: CLIENTS[i] ?? NaN,
    opsPerSecond: [0.99, 1.01, 1, 0.995, 1.008].map((factor) => factor * value),
  }));
}

function noisy(throughputs: readonly number[], share: number, repeats: number, seed: number) {
  const random = randomFrom(seed);
  return throughputs.map((value, i) => ({
    clients: CLIENTS[i] ?? NaN,
    opsPerSecond: noisyRepeats(value, share, repeats, random),
  }));
}

/** The verdict on each shape, its clients, and the clients of a plateau that ends a sweep. */
const SHAPES = {
  "a rise": [[1_000, 1_900, 2_700, 3_400, 4_700], "still rises", 6, undefined],
  "a plateau": [[1_000, 1_900, 2_700, 2_710, 2_695], "levels out", 3, 3],
  "a rise after one equal step": [[1_000, 1_010, 2_000, 3_000], "still rises", 4, undefined],
  "a rise after two equal steps": [
    [1_000, 1_005, 1_010, 2_000, 3_000],
    "still rises",
    6,
    undefined,
  ],
  "a slow rise": [[1_000, 1_900, 1_925, 1_950, 1_975], "still rises", 6, undefined],
  "a fall after a plateau": [[1_000, 1_900, 2_500, 2_490, 2_200, 1_900], "falls", 4, 3],
  "a fall from the start": [[1_000, 800, 700], "falls", 1, 1],
  "a fall at the last step": [[1_000, 2_000, 1_500], "falls", 2, undefined],
  "zero at the last step": [[1_000, 2_000, 0], "falls", 2, undefined],
  "a rise from zero": [[0, 1_000, 2_000], "still rises", 3, undefined],
} as const;

for (const [name, [throughputs, verdict, clients, plateau]] of Object.entries(SHAPES)) {
  test(name, () => {
    const { why, ...found } = analyzePlateau(steps(...throughputs));
    assert.deepEqual([found.verdict, found.clients, why], [verdict, clients, null]);
    assert.equal(findPlateau(steps(...throughputs))?.clients, plateau);
  });
}

test("sentences have the clients and the throughput", () => {
  const sentence = (throughputs: readonly number[]) =>
    analyzePlateau(steps(...throughputs)).sentence;
  assert.deepEqual(
    [SHAPES["a rise"], SHAPES["a plateau"], SHAPES["a fall after a plateau"]]
      .map(([throughputs]) => sentence(throughputs)),
    [
      "Throughput still rises at the last step, 6 clients with 4,700 ops/s: more clients may raise it further.",
      "Throughput reaches its plateau at 3 clients with 2,700 ops/s: more clients do not raise it by more than noise.",
      "Throughput reaches its plateau at 3 clients with 2,500 ops/s, and falls beyond 4 clients with 2,490 ops/s.",
    ],
  );
  assert.equal(
    sentence(SHAPES["a fall at the last step"][0]),
    "Throughput falls beyond 2 clients with 2,000 ops/s.",
  );
  assert.equal(
    sentence([500, 500, 500]),
    "Throughput is level from the first step, 1 client with 500 ops/s: more clients do not raise it by more than noise.",
  );
});

test("a sweep stops two steps after the start of the plateau, and not before", () => {
  const level = steps(...SHAPES["a plateau"][0]);
  for (let length = 0; length < 5; length++) {
    assert.equal(findPlateau(level.slice(0, length)), undefined, `${length} steps`);
  }
  assert.equal(
    analyzePlateau(level.slice(0, 4)).why,
    "the last gain is within the noise, and one such step is not enough",
  );
});

test("each gain of a slow rise is within the noise", () => {
  const [first, ...others] = analyzePlateau(steps(...SHAPES["a slow rise"][0])).gains;
  assert.equal(first?.direction, "rises");
  assert.ok(others.every(({ direction }) => direction === "within noise"));
});

test("one outlier among the repeats does not change the verdict", () => {
  const falling = [1_000, 1_900, 2_500, 2_200, 1_900];
  for (const throughputs of [SHAPES["a plateau"][0], SHAPES["a rise"][0], falling]) {
    const clean = steps(...throughputs);
    const { verdict, clients } = analyzePlateau(clean);
    for (const place of clean.keys()) {
      for (const outlier of [0, 50, 30_000]) {
        const spoilt = clean.map((step, i) =>
          i === place ? { ...step, opsPerSecond: [outlier, ...step.opsPerSecond.slice(1)] } : step
        );
        const found = analyzePlateau(spoilt);
        assert.deepEqual([found.verdict, found.clients], [verdict, clients], `${place} ${outlier}`);
      }
    }
  }
});

test("one outlier of three repeats does not make a rise a plateau", () => {
  const rising = steps(1_000, 1_900, 2_700, 3_400, 4_700).map((step, i) => ({
    ...step,
    opsPerSecond: [i === 3 ? 200 : 1.01, 1, 0.99].map((one) =>
      one === 200 ? one : one * (step.opsPerSecond[2] ?? NaN)
    ),
  }));
  assert.equal(analyzePlateau(rising).verdict, "still rises");
});

test("noise larger than the gains: undecided, and the sweep continues", () => {
  const loud = [[700, 1_000, 1_400], [800, 1_150, 1_500], [1_250, 950, 1_600], [1_300, 900, 1_700]]
    .map((opsPerSecond, i) => ({ clients: i + 1, opsPerSecond }));
  const { verdict, clients, why } = analyzePlateau(loud);
  assert.deepEqual([verdict, clients], ["undecided", null]);
  assert.equal(
    why,
    "the noise of the repeats (standard deviation 32%) could hide a rise",
  );
  assert.equal(findPlateau(loud), undefined);
});

test("noise larger than the gains is rarely a plateau", () => {
  let undecided = 0, stopped = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const data = noisy([1_000, 1_300, 1_500, 1_600], 0.5, 3, seed).map((step) => ({
      ...step,
      opsPerSecond: step.opsPerSecond.map((value) => Math.max(1, value)),
    }));
    if (analyzePlateau(data).verdict === "undecided") undecided++;
    if (findPlateau(data) !== undefined) stopped++;
  }
  assert.ok(undecided >= 140, `${undecided} of 200 undecided`);
  assert.ok(stopped <= 40, `${stopped} of 200 stopped`);
});

test("moderate noise: constant data has a plateau, rising data rises, nearly always", () => {
  const level = [1_000, 1_900, 2_600, 2_600, 2_600, 2_600];
  const rising = [1_000, 1_900, 2_700, 3_400, 4_500, 5_600];
  for (const repeats of [3, 5]) {
    let levels = 0, rises = 0, stopped = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const found = analyzePlateau(noisy(level, 0.02, repeats, seed));
      if (found.verdict === "levels out" && found.clients === 3) levels++;
      const grows = noisy(rising, 0.02, repeats, seed + 1_000);
      if (analyzePlateau(grows).verdict === "still rises") rises++;
      if (findPlateau(grows) !== undefined) stopped++;
    }
    assert.ok(levels >= 170, `${levels} of 200 level with ${repeats} repeats`);
    assert.ok(rises >= 190, `${rises} of 200 rising with ${repeats} repeats`);
    assert.ok(stopped <= 2, `${stopped} of 200 stopped too early with ${repeats} repeats`);
  }
});

test("noise alone is a gain in about 5 of 100 steps", () => {
  for (const repeats of [2, 3, 5, 9]) {
    let beyond = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { gains } = analyzePlateau(noisy([1_000, 1_000, 1_000], 0.05, repeats, seed));
      if (gains[1]?.direction !== "within noise") beyond++;
    }
    assert.ok(beyond >= 2 && beyond <= 40, `${beyond} of 400 with ${repeats} repeats`);
  }
});

test("too few steps or repeats: undecided, with the reason", () => {
  const why = (data: SweepStep[]) => {
    assert.equal(findPlateau(data), undefined);
    const { verdict, clients, sentence, why } = analyzePlateau(data);
    assert.deepEqual([verdict, clients], ["undecided", null]);
    assert.equal(sentence, `The data does not decide whether throughput has a plateau: ${why}.`);
    return why;
  };
  assert.equal(why([]), "only 0 steps were measured, and at least 3 are needed");
  assert.equal(why(steps(1_000, 1_000)), "only 2 steps were measured, and at least 3 are needed");
  const single = steps(1_000, 1_000, 1_000).map((step) => ({ ...step, opsPerSecond: [1_000] }));
  assert.match(why(single) ?? "", /needs at least 2 repeats/);
  for (const { direction, noiseOpsPerSecond } of analyzePlateau(single).gains) {
    assert.deepEqual([direction, noiseOpsPerSecond], ["unknown", null]);
  }
});

test("equal steps are a plateau that begins at one client; differences below 1% do not count", () => {
  const equal = (...values: number[]) =>
    values.map((value, i) => ({ clients: i + 1, opsPerSecond: [value, value, value] }));
  assert.deepEqual(findPlateau(equal(500, 500, 500)), { clients: 1, opsPerSecond: 500 });
  assert.equal(analyzePlateau(equal(500, 501, 502)).verdict, "levels out");
  assert.equal(analyzePlateau(equal(500, 510, 520)).verdict, "still rises");
});

test("zeros: nothing succeeded", () => {
  const zeros = steps(0, 0, 0);
  assert.equal(findPlateau(zeros), undefined);
  assert.equal(analyzePlateau(zeros).why, "no operation succeeded");
  assert.equal(analyzePlateau(zeros).gains[0]?.share, null);
});

test("the analysis contains all gains, and is plain data", () => {
  const analysis = analyzePlateau(steps(1_000, 1_900, 2_700));
  assert.deepEqual(
    analysis.gains.map((gain) => [gain.fromClients, gain.toClients, gain.direction]),
    [[1, 2, "rises"], [2, 3, "rises"]],
  );
  assert.equal(analysis.gains[0]?.opsPerSecond.toFixed(3), "900.000");
  assert.equal(analysis.gains[0]?.share?.toFixed(3), "0.900");
  assert.deepEqual(JSON.parse(JSON.stringify(analysis)), analysis);
});

test("the noise of a gain is that of the last three steps, not of later ones", () => {
  const noises = (data: SweepStep[]) =>
    analyzePlateau(data).gains.map(({ noiseOpsPerSecond }) => noiseOpsPerSecond ?? NaN);
  const calm = steps(1_000, 2_000, 3_000, 4_000, 5_000);
  const loud = calm.map((step, i) =>
    i === 1 ? { ...step, opsPerSecond: [1_000, 1_500, 2_000, 2_500, 3_000] } : step
  );
  const grown = noises(loud).map((noise, i) => noise > (noises(calm)[i] ?? NaN));
  assert.deepEqual(grown, [true, true, true, false]);
  assert.deepEqual(noises(loud.slice(0, 3)), noises(loud).slice(0, 2));
});

test("steps that are not a sweep are rejected", () => {
  assert.throws(() => findPlateau([...steps(1, 2, 3)].reverse()), /ascending whole numbers/);
  assert.throws(() => analyzePlateau([{ clients: 1, opsPerSecond: [-1] }]), /got -1 ops\/s/);
});
