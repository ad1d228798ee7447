/** Proves where throughput is said to level out, on data of which it is known. */
import assert from "assert";
import { analysePlateau, findPlateau } from "../../../lib/perf/analysis/plateau.ts";
import type { SweepStep } from "../../../lib/perf/analysis/sweep_step.ts";
import { noisyRepeats } from "../normal_noise.ts";
import { randomFrom } from "../../../bench/harness/random.ts";

const CLIENTS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

function test(name: string, fn: () => void): void {
  Deno.test({ name: `plateau: ${name}`, permissions: "none", fn });
}

/** Steps of five repeats that differ by about 1%, always the same. */
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
  const { verdict, clients, opsPerSecond, sentence } = analysePlateau(rising);
  assert.deepEqual([verdict, clients, opsPerSecond], ["still rises", 6, 4_700]);
  assert.equal(sentence, "Throughput still rises at the last step, 6 clients with 4,700 ops/s.");
});

test("level", () => {
  const level = steps(1_000, 1_900, 2_700, 2_710, 2_695);
  assert.deepEqual(findPlateau(level), { clients: 3, opsPerSecond: 2_700 });
  const { verdict, clients, sentence, why } = analysePlateau(level);
  assert.deepEqual([verdict, clients, why], ["levels out", 3, null]);
  assert.equal(
    sentence,
    "Throughput levels out at 3 clients with 2,700 ops/s: more clients do not raise it by more than noise.",
  );
});

test("a sweep stops two steps after the level, and not before", () => {
  const level = steps(1_000, 1_900, 2_700, 2_710, 2_695);
  for (let length = 0; length < 5; length++) {
    assert.equal(findPlateau(level.slice(0, length)), undefined, `${length} steps`);
  }
  assert.equal(
    analysePlateau(level.slice(0, 4)).why,
    "the last gain is within the noise, and one such step is not enough",
  );
});

test("a rise after one level step is no level", () => {
  const late = steps(1_000, 1_010, 2_000, 3_000);
  assert.equal(findPlateau(late), undefined);
  assert.equal(analysePlateau(late).verdict, "still rises");
});

test("a level that rises later on was none", () => {
  const late = steps(1_000, 1_005, 1_010, 2_000, 3_000);
  assert.equal(findPlateau(late.slice(0, 3))?.clients, 1);
  assert.equal(findPlateau(late), undefined);
  assert.equal(analysePlateau(late).verdict, "still rises");
});

test("a throughput that creeps up is no level", () => {
  const creeping = steps(1_000, 1_900, 1_925, 1_950, 1_975);
  assert.ok(
    analysePlateau(creeping).gains.slice(1).every(({ direction }) => direction === "within noise"),
  );
  assert.equal(findPlateau(creeping), undefined);
  assert.equal(analysePlateau(creeping).verdict, "still rises");
});

test("falling", () => {
  const falling = steps(1_000, 1_900, 2_500, 2_490, 2_200, 1_900);
  assert.equal(findPlateau(falling)?.clients, 3);
  const { verdict, clients, sentence } = analysePlateau(falling);
  assert.deepEqual([verdict, clients], ["falls", 4]);
  assert.equal(sentence, "Throughput falls beyond 4 clients with 2,490 ops/s.");
  const atOnce = analysePlateau(steps(1_000, 800, 700));
  assert.deepEqual([atOnce.verdict, atOnce.clients], ["falls", 1]);
  const atLast = analysePlateau(steps(1_000, 2_000, 1_500));
  assert.deepEqual([atLast.verdict, atLast.clients], ["falls", 2]);
});

test("one outlier among the repeats changes nothing", () => {
  const cases = [
    steps(1_000, 1_900, 2_700, 2_710, 2_695),
    steps(1_000, 1_900, 2_700, 3_400, 4_700),
    steps(1_000, 1_900, 2_500, 2_200, 1_900),
  ];
  for (const clean of cases) {
    const { verdict, clients } = analysePlateau(clean);
    for (const place of clean.keys()) {
      for (const outlier of [0, 50, 30_000]) {
        const spoilt = clean.map((step, i) =>
          i === place ? { ...step, opsPerSecond: [outlier, ...step.opsPerSecond.slice(1)] } : step
        );
        const found = analysePlateau(spoilt);
        assert.deepEqual([found.verdict, found.clients], [verdict, clients], `${place} ${outlier}`);
      }
    }
  }
});

test("one outlier of three repeats does not make a rise a level", () => {
  const rising = steps(1_000, 1_900, 2_700, 3_400, 4_700).map((step, i) => ({
    ...step,
    opsPerSecond: [i === 3 ? 200 : 1.01, 1, 0.99].map((one) =>
      one === 200 ? one : one * (step.opsPerSecond[2] ?? NaN)
    ),
  }));
  assert.equal(analysePlateau(rising).verdict, "still rises");
});

test("noise larger than the gains: not decided, and the sweep goes on", () => {
  const loud = [[700, 1_000, 1_400], [800, 1_150, 1_500], [1_250, 950, 1_600], [1_300, 900, 1_700]]
    .map((opsPerSecond, i) => ({ clients: i + 1, opsPerSecond }));
  const { verdict, clients, why } = analysePlateau(loud);
  assert.deepEqual([verdict, clients], ["undecided", null]);
  assert.equal(why, "the noise of the repeats is larger than the gains");
  assert.equal(findPlateau(loud), undefined);
});

test("noise larger than the gains seldom passes for a level", () => {
  let undecided = 0, stopped = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const data = noisy([1_000, 1_300, 1_500, 1_600], 0.5, 3, seed).map((step) => ({
      ...step,
      opsPerSecond: step.opsPerSecond.map((value) => Math.max(1, value)),
    }));
    if (analysePlateau(data).verdict === "undecided") undecided++;
    if (findPlateau(data) !== undefined) stopped++;
  }
  assert.ok(undecided >= 140, `${undecided} of 200 undecided`);
  assert.ok(stopped <= 40, `${stopped} of 200 stopped`);
});

test("moderate noise: level data is level, rising data rises, nearly always", () => {
  const level = [1_000, 1_900, 2_600, 2_600, 2_600, 2_600];
  const rising = [1_000, 1_900, 2_700, 3_400, 4_500, 5_600];
  for (const repeats of [3, 5]) {
    let levels = 0, rises = 0, stopped = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const found = analysePlateau(noisy(level, 0.02, repeats, seed));
      if (found.verdict === "levels out" && found.clients === 3) levels++;
      const grows = noisy(rising, 0.02, repeats, seed + 1_000);
      if (analysePlateau(grows).verdict === "still rises") rises++;
      if (findPlateau(grows) !== undefined) stopped++;
    }
    assert.ok(levels >= 170, `${levels} of 200 level with ${repeats} repeats`);
    assert.ok(rises >= 190, `${rises} of 200 rising with ${repeats} repeats`);
    assert.ok(stopped <= 2, `${stopped} of 200 stopped too early with ${repeats} repeats`);
  }
});

test("noise alone passes for a gain in about 5 of 100 steps", () => {
  for (const repeats of [2, 3, 5, 9]) {
    let beyond = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { gains } = analysePlateau(noisy([1_000, 1_000, 1_000], 0.05, repeats, seed));
      if (gains[1]?.direction !== "within noise") beyond++;
    }
    assert.ok(beyond >= 2 && beyond <= 40, `${beyond} of 400 with ${repeats} repeats`);
  }
});

test("too few steps or repeats: not decided, and why", () => {
  const why = (data: SweepStep[]) => {
    assert.equal(findPlateau(data), undefined);
    const { verdict, clients, sentence, why } = analysePlateau(data);
    assert.deepEqual([verdict, clients], ["undecided", null]);
    assert.equal(sentence, `The data does not decide whether throughput levels out: ${why}.`);
    return why;
  };
  assert.equal(why([]), "too few steps: 0 measured, at least 3 needed");
  assert.equal(why(steps(1_000, 1_000)), "too few steps: 2 measured, at least 3 needed");
  const single = steps(1_000, 1_000, 1_000).map((step) => ({ ...step, opsPerSecond: [1_000] }));
  assert.match(why(single) ?? "", /too few repeats/);
  assert.deepEqual(
    analysePlateau(single).gains.map(({ direction, noiseOpsPerSecond }) => [
      direction,
      noiseOpsPerSecond,
    ]),
    [["unknown", null], ["unknown", null]],
  );
});

test("all equal is level from the first client on; differences below 1% are none", () => {
  const equal = (...values: number[]) =>
    values.map((value, i) => ({ clients: i + 1, opsPerSecond: [value, value, value] }));
  assert.deepEqual(findPlateau(equal(500, 500, 500)), { clients: 1, opsPerSecond: 500 });
  assert.equal(analysePlateau(equal(500, 501, 502)).verdict, "levels out");
  assert.equal(analysePlateau(equal(500, 510, 520)).verdict, "still rises");
});

test("zeros: nothing succeeded, or nothing does any more", () => {
  const zeros = steps(0, 0, 0);
  assert.equal(findPlateau(zeros), undefined);
  assert.equal(analysePlateau(zeros).why, "nothing succeeded");
  assert.equal(analysePlateau(zeros).gains[0]?.share, null);
  const died = analysePlateau(steps(1_000, 2_000, 0));
  assert.deepEqual([died.verdict, died.clients], ["falls", 2]);
  assert.equal(analysePlateau(steps(0, 1_000, 2_000)).verdict, "still rises");
});

test("gains are told in full, and all of it goes through JSON", () => {
  const analysis = analysePlateau(steps(1_000, 1_900, 2_700));
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

test("the noise of a gain is that of the last three steps, and of none after it", () => {
  const noises = (data: SweepStep[]) =>
    analysePlateau(data).gains.map(({ noiseOpsPerSecond }) => noiseOpsPerSecond ?? NaN);
  const calm = steps(1_000, 2_000, 3_000, 4_000, 5_000);
  const loud = calm.map((step, i) =>
    i === 1 ? { ...step, opsPerSecond: [1_000, 1_500, 2_000, 2_500, 3_000] } : step
  );
  const grown = noises(loud).map((noise, i) => noise > (noises(calm)[i] ?? NaN));
  assert.deepEqual(grown, [true, true, true, false]);
  assert.deepEqual(noises(loud.slice(0, 3)), noises(loud).slice(0, 2));
});

test("what is no sweep is refused", () => {
  assert.throws(() => findPlateau([...steps(1, 2, 3)].reverse()), /ascending whole numbers/);
  assert.throws(() => analysePlateau([{ clients: 1, opsPerSecond: [-1] }]), /got -1 ops\/s/);
});
