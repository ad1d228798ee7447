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

test("rising", () => {
  const rising = steps(1_000, 1_900, 2_700, 3_400, 4_700);
  assert.equal(findPlateau(rising), undefined);
  const { verdict, clients, opsPerSecond, sentence } = analyzePlateau(rising);
  assert.deepEqual([verdict, clients, opsPerSecond], ["still rises", 6, 4_700]);
  assert.equal(sentence, "Throughput still rises at the last step, 6 clients with 4,700 ops/s.");
});

test("plateau", () => {
  const level = steps(1_000, 1_900, 2_700, 2_710, 2_695);
  assert.deepEqual(findPlateau(level), { clients: 3, opsPerSecond: 2_700 });
  const { verdict, clients, sentence, why } = analyzePlateau(level);
  assert.deepEqual([verdict, clients, why], ["levels out", 3, null]);
  assert.equal(
    sentence,
    "Throughput reaches its plateau at 3 clients with 2,700 ops/s: more clients do not raise it by more than noise.",
  );
});

test("a sweep stops two steps after the start of the plateau, and not before", () => {
  const level = steps(1_000, 1_900, 2_700, 2_710, 2_695);
  for (let length = 0; length < 5; length++) {
    assert.equal(findPlateau(level.slice(0, length)), undefined, `${length} steps`);
  }
  assert.equal(
    analyzePlateau(level.slice(0, 4)).why,
    "the last gain is within the noise, and one such step is not enough",
  );
});

test("a rise after one equal step is not a plateau", () => {
  const late = steps(1_000, 1_010, 2_000, 3_000);
  assert.equal(findPlateau(late), undefined);
  assert.equal(analyzePlateau(late).verdict, "still rises");
});

test("a plateau with a later rise does not count", () => {
  const late = steps(1_000, 1_005, 1_010, 2_000, 3_000);
  assert.equal(findPlateau(late.slice(0, 3))?.clients, 1);
  assert.equal(findPlateau(late), undefined);
  assert.equal(analyzePlateau(late).verdict, "still rises");
});

test("a slow rise is not a plateau", () => {
  const creeping = steps(1_000, 1_900, 1_925, 1_950, 1_975);
  assert.ok(
    analyzePlateau(creeping).gains.slice(1).every(({ direction }) => direction === "within noise"),
  );
  assert.equal(findPlateau(creeping), undefined);
  assert.equal(analyzePlateau(creeping).verdict, "still rises");
});

test("falling", () => {
  const falling = steps(1_000, 1_900, 2_500, 2_490, 2_200, 1_900);
  assert.equal(findPlateau(falling)?.clients, 3);
  const { verdict, clients, sentence } = analyzePlateau(falling);
  assert.deepEqual([verdict, clients], ["falls", 4]);
  assert.equal(sentence, "Throughput falls beyond 4 clients with 2,490 ops/s.");
  const atOnce = analyzePlateau(steps(1_000, 800, 700));
  assert.deepEqual([atOnce.verdict, atOnce.clients], ["falls", 1]);
  const atLast = analyzePlateau(steps(1_000, 2_000, 1_500));
  assert.deepEqual([atLast.verdict, atLast.clients], ["falls", 2]);
});

test("one outlier among the repeats does not change the verdict", () => {
  const cases = [
    steps(1_000, 1_900, 2_700, 2_710, 2_695),
    steps(1_000, 1_900, 2_700, 3_400, 4_700),
    steps(1_000, 1_900, 2_500, 2_200, 1_900),
  ];
  for (const clean of cases) {
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
  assert.equal(why, "the noise of the repeats is larger than the gains");
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
  assert.equal(why([]), "too few steps: 0 measured, at least 3 needed");
  assert.equal(why(steps(1_000, 1_000)), "too few steps: 2 measured, at least 3 needed");
  const single = steps(1_000, 1_000, 1_000).map((step) => ({ ...step, opsPerSecond: [1_000] }));
  assert.match(why(single) ?? "", /too few repeats/);
  assert.deepEqual(
    analyzePlateau(single).gains.map(({ direction, noiseOpsPerSecond }) => [
      direction,
      noiseOpsPerSecond,
    ]),
    [["unknown", null], ["unknown", null]],
  );
});

test("equal steps are a plateau that begins at one client; differences below 1% do not count", () => {
  const equal = (...values: number[]) =>
    values.map((value, i) => ({ clients: i + 1, opsPerSecond: [value, value, value] }));
  assert.deepEqual(findPlateau(equal(500, 500, 500)), { clients: 1, opsPerSecond: 500 });
  assert.equal(analyzePlateau(equal(500, 501, 502)).verdict, "levels out");
  assert.equal(analyzePlateau(equal(500, 510, 520)).verdict, "still rises");
});

test("zeros: nothing succeeded, or nothing after the first steps", () => {
  const zeros = steps(0, 0, 0);
  assert.equal(findPlateau(zeros), undefined);
  assert.equal(analyzePlateau(zeros).why, "nothing succeeded");
  assert.equal(analyzePlateau(zeros).gains[0]?.share, null);
  const died = analyzePlateau(steps(1_000, 2_000, 0));
  assert.deepEqual([died.verdict, died.clients], ["falls", 2]);
  assert.equal(analyzePlateau(steps(0, 1_000, 2_000)).verdict, "still rises");
});

test("the analysis contains all gains, and is plain data", () => {
  const analysis = analyzePlateau(steps(1_000, 1_900, 2_700));
  assert.deepEqual(
    analysis.gains.map((
      { fromClients, toClients, direction },
    ) => [fromClients, toClients, direction]),
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
