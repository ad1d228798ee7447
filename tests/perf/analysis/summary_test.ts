/** Proves that the paragraph on a sweep is right, for sweeps with a known answer. */
import assert from "assert";
import { analyzePlateau, type PlateauAnalysis } from "../../../lib/perf/analysis/plateau.ts";
import { summarize, type UslResult } from "../../../lib/perf/analysis/summary.ts";
import type { SweepStep } from "../../../lib/perf/analysis/sweep_step.ts";
import { fitUsl, UslDataError } from "../../../lib/perf/analysis/usl.ts";
import { noisyRepeats } from "../normal_noise.ts";
import { randomFrom } from "../../../bench/harness/random.ts";
import { CLIENTS } from "./usl_steps.ts";
import { isLong } from "../../helpers/long.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("summary");

interface Analysis {
  readonly plateau: PlateauAnalysis;
  readonly usl: UslResult;
  readonly sentence: string;
}

function analyze(steps: readonly SweepStep[], seed = 1): Analysis {
  const plateau = analyzePlateau(steps);
  const usl = fitOf(steps, seed);
  return { plateau, usl, sentence: summarize(steps, plateau, usl) };
}

function fitOf(steps: readonly SweepStep[], seed: number): UslResult {
  try {
    return fitUsl(steps, { seed, resamples: 60 });
  } catch (error) {
    if (error instanceof UslDataError) return { why: error.message };
    throw error;
  }
}

/** Makes steps whose five repeats differ by 1%. */
function steps(...throughputs: number[]): SweepStep[] {
  return throughputs.map((value, at) => ({
    clients: CLIENTS[at] ?? NaN,
    opsPerSecond: [0.99, 1.01, 1, 0.995, 1.008].map((factor) => factor * value),
  }));
}

function noisy(throughputs: readonly number[], noise: number, repeats: number, seed: number) {
  const random = randomFrom(seed);
  return throughputs.map((value, at) => ({
    clients: CLIENTS[at] ?? NaN,
    opsPerSecond: noisyRepeats(value, noise, repeats, random).map((one) => Math.max(0, one)),
  }));
}

/** Lists the numbers of clients in a sentence. */
function namedClients(sentence: string): number[] {
  const lists = sentence.matchAll(/((?:\d+, )*(?:\d+ (?:and|to|to more than) )?\d+) clients?\b/g);
  const intervals = sentence.matchAll(/\(95%: (\d+ to \d+)\)/g);
  return [...lists, ...intervals].flatMap(([, list = ""]) => list.match(/\d+/g) ?? []).map(Number);
}

test("fault: the fit allowed the second client +100%, and it brought +277%", () => {
  // Inserts of a report: five runs with each number of clients.
  const runs: readonly (readonly [number, readonly number[]])[] = [
    [1, [4_102, 4_195, 7_205, 5_522, 4_101]],
    [2, [15_824, 14_597, 20_167, 15_831, 16_507]],
    [3, [21_871, 20_233, 18_279, 30_475, 23_679]],
    [4, [22_542, 24_716, 25_845, 26_190, 21_835]],
    [6, [22_806, 21_811, 25_688, 20_348, 23_230]],
  ];
  const { usl, sentence } = analyze(
    runs.map(([clients, opsPerSecond]) => ({ clients, opsPerSecond })),
  );
  assert.ok(!("why" in usl));
  assert.deepEqual(usl.leftOutClients, [1]);
  assert.deepEqual(usl.residuals.map(({ clients }) => clients), [2, 3, 4, 6]);
  assert.match(
    sentence,
    /Throughput per client is 4,195 ops\/s with 1 client, but 7,916 ops\/s with 2 clients\. The Universal Scalability Law excludes that, so its fit leaves out the step with 1 client\./,
  );
  assert.match(sentence, /So 3 clients are enough: what 4 clients \(the highest step, the peak/);
});

test("fault: neither contention nor coherency, though throughput did not rise", () => {
  const wrong: number[] = [];
  for (let seed = 1; seed <= 15; seed++) {
    const { usl } = analyze(noisy([1_000, 1_000, 1_000, 1_000, 1_000], 0.5, 3, seed), seed);
    if (!("why" in usl) && usl.limit.by === "neither") wrong.push(seed);
  }
  assert.deepEqual(wrong, []);
  const { sentence, usl } = analyze(steps(500, 501, 499, 500, 502));
  assert.ok(!("why" in usl) && usl.limit.by === "contention" && usl.sigma.value > 0.95);
  assert.match(sentence, /^Throughput is level from the first step, 1 client with 500 ops\/s: /);
  assert.match(sentence, /contention limits .* One client alone uses that resource nearly all/);
});

const LEVEL = steps(1_000, 1_900, 2_700, 2_690, 2_695);
const HIGHER = steps(1_000, 1_900, 2_700, 2_710, 2_695);
const FALLING = steps(1_000, 1_900, 2_500, 2_490, 2_200, 1_900);
const RISING = steps(1_000, 1_900, 2_700, 3_400, 4_700);
const SHORT = steps(1_000, 1_900, 2_700, 2_710);
const ENOUGH = "So 3 clients are enough: what ";
const APPROXIMATES = "The fit only approximates the steps";

/** Steps, the clients at a peak (null: not certain), and the conclusion. */
const CONCLUSIONS: readonly (readonly [readonly SweepStep[], number | null, string])[] = [
  [LEVEL, 3.2, ""],
  [LEVEL, null, ""],
  [LEVEL, 99, `${ENOUGH}more clients add is no more than noise.`],
  [LEVEL, 4.9, `${ENOUGH}4 and 6 clients (the peak of the fit) add is no more than noise.`],
  [
    LEVEL,
    1.6,
    `${APPROXIMATES}: the plateau counts, not the peak, so the number to use is 3 clients.`,
  ],
  [HIGHER, 3, `${ENOUGH}4 clients (the highest step) add is no more than noise.`],
  [
    HIGHER,
    4.2,
    `${ENOUGH}4 clients (the highest step, the peak of the fit) add is no more than noise.`,
  ],
  [FALLING, 3, ""],
  [FALLING, 4, `${ENOUGH}4 clients (the peak of the fit) add is no more than noise.`],
  [FALLING, 6, `${APPROXIMATES}: the measured fall counts, not the peak.`],
  [FALLING, 99, `${APPROXIMATES}: the measured fall counts, not the peak.`],
  [FALLING, null, "The measured fall is more than noise, although the fit has no certain peak."],
  [RISING, 99, ""],
  [RISING, 6, ""],
  [RISING, 5, `${APPROXIMATES}, and the last step counts: measure with more clients.`],
  [SHORT, 4, "The steps alone do not show this peak."],
  [SHORT, 99, ""],
];

test("the conclusion reconciles plateau, highest step and peak in at most one sentence", () => {
  for (const [data, peakClients, expected] of CONCLUSIONS) {
    const { plateau, usl } = analyze(data);
    assert.ok(!("why" in usl));
    const at = (value: number) => ({ value, low: value, high: value });
    const peak = peakClients === null
      ? null
      : { clients: at(peakClients), opsPerSecond: at(2_700), isWithinData: peakClients <= 8 };
    const sentence = summarize(data, plateau, { ...usl, peak });
    const found = sentence.slice(`${plateau.sentence} ${usl.sentence} `.length);
    assert.equal(found, expected, `${plateau.verdict}, peak at ${peakClients}`);
  }
});

test("without a fit, the paragraph has the reason", () => {
  const sentence = (...throughputs: number[]) => analyze(steps(...throughputs)).sentence;
  assert.equal(
    sentence(1_000, 1_900),
    "The data does not decide whether throughput has a plateau: only 2 steps were measured, and at least 3 are needed. The Universal Scalability Law needs 4 different numbers of clients: got 2.",
  );
  assert.match(
    sentence(400, 2_000, 3_000, 3_010),
    /Throughput per client is 400 ops\/s with 1 client, but 1,000 ops\/s with 2 clients\. .* only 3 steps are left of the 4 that its fit needs\.$/,
  );
  assert.match(sentence(0, 0, 0, 0), /: no operation succeeded\. There is nothing to fit: /);
  const single = steps(1_000, 1_900, 2_700, 2_710, 2_695)
    .map(({ clients, opsPerSecond }) => ({ clients, opsPerSecond: opsPerSecond.slice(0, 1) }));
  assert.match(analyze(single).sentence, /: each step needs at least 2 repeats to separate gains/);
});

/** A system with a known answer. */
interface System {
  readonly opsPerSecond: (clients: number) => number;
  /** The largest number of clients that is measured. */
  readonly maxClients: number;
  readonly verdict: PlateauAnalysis["verdict"];
  /** Numbers of clients of a right verdict. */
  readonly clients: readonly number[];
  /** Right limits; the first one is found in most sweeps. */
  readonly limits: readonly string[];
  readonly leftOutClients: readonly number[];
}

const law = (sigma: number, kappa: number) => (clients: number) =>
  1_000 * clients / (1 + sigma * (clients - 1) + kappa * clients * (clients - 1));

const SYSTEMS: Readonly<Record<string, System>> = {
  "level from the start": {
    opsPerSecond: () => 1_000,
    maxClients: 6,
    verdict: "levels out",
    clients: [1],
    limits: ["contention", "undecided"],
    leftOutClients: [],
  },
  "a sharp bend to a plateau": {
    opsPerSecond: (clients) => 1_000 * Math.min(clients, 3),
    maxClients: 8,
    verdict: "levels out",
    clients: [3],
    limits: ["undecided", "contention"],
    leftOutClients: [],
  },
  "a slow first client, and a plateau": {
    opsPerSecond: (clients) => clients === 1 ? 400 : 1_000 * Math.min(clients, 3),
    maxClients: 8,
    verdict: "levels out",
    clients: [3],
    limits: ["undecided", "contention"],
    leftOutClients: [1],
  },
  "linear scaling": {
    opsPerSecond: law(0, 0),
    maxClients: 12,
    verdict: "still rises",
    clients: [12],
    limits: ["undecided", "neither"],
    leftOutClients: [],
  },
  "contention": {
    opsPerSecond: law(0.03, 0),
    maxClients: 32,
    verdict: "still rises",
    clients: [32],
    limits: ["contention", "undecided"],
    leftOutClients: [],
  },
  "a fall by coherency": {
    opsPerSecond: law(0.02, 0.02),
    maxClients: 24,
    verdict: "falls",
    clients: [6, 8, 12],
    limits: ["coherency"],
    leftOutClients: [],
  },
};

/** Sweeps of each system; a wrong result is reported with its seed. */
const SWEEPS = isLong ? 400 : 25;

for (const [name, system] of Object.entries(SYSTEMS)) {
  test(`${name}: the right verdict in nearly all sweeps, and a right sentence in all`, () => {
    const wrong = { verdict: [] as number[], limit: [] as number[], leftOut: [] as number[] };
    const measured = CLIENTS.filter((clients) => clients <= system.maxClients);
    let likely = 0;
    for (let seed = 1; seed <= SWEEPS; seed++) {
      const data = noisy(measured.map(system.opsPerSecond), 0.05, 5, seed);
      const { plateau, usl, sentence } = analyze(data, seed);
      assert.ok(!("why" in usl), `seed ${seed}: ${sentence}`);
      const { verdict, clients } = plateau;
      if (verdict !== system.verdict || !system.clients.includes(clients ?? NaN)) {
        wrong.verdict.push(seed);
      }
      if (!system.limits.includes(usl.limit.by)) wrong.limit.push(seed);
      if (usl.leftOutClients.join() !== system.leftOutClients.join()) wrong.leftOut.push(seed);
      if (usl.limit.by === system.limits[0]) likely++;
      const others = namedClients(sentence).filter((one) => !measured.includes(one));
      assert.deepEqual(others, [], `seed ${seed}: ${sentence}`);
    }
    const seeds = JSON.stringify(wrong);
    assert.ok(wrong.verdict.length <= 0.13 * SWEEPS, `wrong verdicts with seeds ${seeds}`);
    assert.ok(wrong.limit.length <= 0.05 * SWEEPS, `wrong limits with seeds ${seeds}`);
    assert.ok(wrong.leftOut.length <= 0.08 * SWEEPS, `wrong steps left out with seeds ${seeds}`);
    assert.ok(likely >= 0.6 * SWEEPS, `${likely} of ${SWEEPS} limits are ${system.limits[0]}`);
  });
}
