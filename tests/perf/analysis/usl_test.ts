/** Proves the fit of the Universal Scalability Law, on exact and on noisy data. */
import assert from "assert";
import { fitUsl } from "../../../lib/perf/analysis/usl.ts";
import {
  type UslParameters,
  UslSolver,
  uslThroughput,
} from "../../../lib/perf/analysis/usl_solver.ts";
import { mean } from "../../../lib/perf/analysis/statistics.ts";
import type { SweepStep } from "../../../lib/perf/analysis/sweep_step.ts";
import { noisyRepeats } from "../normal_noise.ts";
import { randomFrom } from "../../../bench/harness/random.ts";
import { CLIENTS, exactly, noisily, pairs, within } from "./usl_steps.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("usl");

const FEW = { resamples: 50 };

test("the parameters of exact data are found to a millionth", () => {
  for (const lambda of [0.5, 1_000, 3e6]) {
    for (const sigma of [0, 1e-4, 0.05, 0.7, 1]) {
      for (const kappa of [0, 1e-7, 1e-3, 0.2]) {
        const fit = fitUsl(exactly({ lambda, sigma, kappa }), { resamples: 2 });
        within(fit.lambdaOpsPerSecond.value, lambda, 1e-6 * lambda);
        within(fit.sigma.value, sigma, Math.max(1e-6 * sigma, 1e-12));
        within(fit.kappa.value, kappa, Math.max(1e-6 * kappa, 1e-12));
        assert.ok((fit.rSquared ?? 1) > 1 - 1e-9);
      }
    }
  }
});

test("the throughput of one client is a parameter, so it need not be measured", () => {
  const fit = fitUsl(exactly({ lambda: 1_000, sigma: 0.1, kappa: 0.002 }, [4, 8, 16, 32]), FEW);
  within(fit.lambdaOpsPerSecond.value, 1_000, 1e-3);
  within(fit.sigma.value, 0.1, 1e-7);
});

test("no other parameters within the bounds have smaller squares", () => {
  const random = randomFrom(6);
  const faces = [[0.1, 0.01], [0, 0.01], [0.1, -0.002], [1.1, 0.01], [-0.01, -1e-4], [1.1, -0.01]];
  for (const [sigma = NaN, kappa = NaN] of faces) {
    const steps = CLIENTS.map((clients, i) => ({
      clients,
      opsPerSecond: noisyRepeats(
        uslThroughput({ lambda: 100, sigma, kappa }, clients),
        0.02,
        // Many repeats at the ends, so that the best parameters depend on their count.
        i === 0 || i === 9 ? 40 : 2,
        random,
      ),
    }));
    const squares = (parameters: UslParameters) =>
      steps.reduce((sum, { clients, opsPerSecond }) => {
        const fitted = uslThroughput(parameters, clients);
        return sum + opsPerSecond.reduce((part, one) => part + (one - fitted) ** 2, 0);
      }, 0);
    const repeats = steps.map(({ opsPerSecond }) => opsPerSecond.length);
    const found = new UslSolver(CLIENTS, repeats)
      .solve(steps.map(({ opsPerSecond }) => mean(opsPerSecond)));
    assert.ok(found !== undefined);
    const least = squares(found) * (1 + 1e-9);
    for (const factor of [1e-3, 0.03, 0.3]) {
      for (let i = 0; i < 200; i++) {
        const [a = 0, b = 0, c = 0] = [0, 0, 0].map(() =>
          (random.below(2_001) - 1_000) / 1_000 * factor
        );
        const other = {
          lambda: found.lambda * (1 + a),
          sigma: Math.min(1, Math.max(0, found.sigma + b)),
          kappa: Math.max(0, found.kappa + c / 30),
        };
        assert.ok(squares(other) >= least * (1 - 2e-9), JSON.stringify({ sigma, kappa, other }));
      }
    }
  }
});

test("parameters stay in their bounds if the data is beyond", () => {
  const superlinear = fitUsl(exactly({ lambda: 1_000, sigma: 0.05, kappa: -0.001 }), FEW);
  assert.equal(superlinear.kappa.value, 0);
  // SciPy's `least_squares` finds the same with kappa at 0.
  within(superlinear.sigma.value, 0.0079242744, 1e-9);
  assert.equal(superlinear.peak, null);
  assert.equal(fitUsl(exactly({ lambda: 9, sigma: -0.01, kappa: 0.01 }), FEW).sigma.value, 0);
  assert.equal(fitUsl(exactly({ lambda: 9, sigma: 1.2, kappa: 0.01 }), FEW).sigma.value, 1);
  const faster = new UslSolver([1, 2, 3, 4], [1, 1, 1, 1]).solve([10, 25, 45, 80]);
  assert.deepEqual([faster?.sigma, faster?.kappa], [0, 0]);
});

test("intervals cover the truth in about 95 of 100 sweeps", () => {
  const truth = { lambda: 5_000, sigma: 0.08, kappa: 0.002 };
  const covered = { lambda: 0, sigma: 0, kappa: 0, peak: 0 };
  const trials = 200;
  for (let seed = 1; seed <= trials; seed++) {
    const fit = fitUsl(noisily(truth, 0.03, seed), { seed, resamples: 200 });
    const covers = (one: { low: number; high: number } | undefined, value: number) =>
      one !== undefined && one.low <= value && value <= one.high ? 1 : 0;
    covered.lambda += covers(fit.lambdaOpsPerSecond, truth.lambda);
    covered.sigma += covers(fit.sigma, truth.sigma);
    covered.kappa += covers(fit.kappa, truth.kappa);
    covered.peak += covers(fit.peak?.clients, Math.sqrt((1 - truth.sigma) / truth.kappa));
  }
  for (const [name, count] of Object.entries(covered)) {
    assert.ok(count >= 0.88 * trials, `${name}: ${count} of ${trials}`);
  }
  // Intervals that always cover the truth would be too wide.
  assert.ok(covered.sigma + covered.kappa < 2 * trials, JSON.stringify(covered));
});

test("intervals with a single repeat are from residuals, and cover the truth, too", () => {
  const truth = { lambda: 5_000, sigma: 0.08, kappa: 0.002 };
  let covered = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const random = randomFrom(seed);
    const steps = CLIENTS.map((clients) => ({
      clients,
      opsPerSecond: [uslThroughput(truth, clients) + 300 * (noisyRepeats(1, 1, 1, random)[0] ?? 0)],
    }));
    const fit = fitUsl(steps, { seed, resamples: 200 });
    assert.equal(fit.bootstrap.of, "residuals");
    covered += fit.kappa.low <= truth.kappa && truth.kappa <= fit.kappa.high ? 1 : 0;
  }
  assert.ok(covered >= 85, `${covered} of 100`);
});

test("the limit follows from the data, or is undecided", () => {
  const limitOf = (parameters: UslParameters, noise: number) =>
    fitUsl(noisily(parameters, noise, 3), { resamples: 200 }).limit;
  assert.equal(limitOf({ lambda: 1e4, sigma: 0.2, kappa: 0 }, 0.01).by, "contention");
  assert.equal(limitOf({ lambda: 1e4, sigma: 0, kappa: 0.01 }, 0.01).by, "coherency");
  assert.equal(limitOf({ lambda: 1e4, sigma: 0.032, kappa: 0.001 }, 0.1).by, "undecided");
  const linear = fitUsl(exactly({ lambda: 1e4, sigma: 0, kappa: 0 }), FEW);
  assert.equal(linear.limit.by, "neither");
  const half = limitOf({ lambda: 1e4, sigma: 1 / 31, kappa: 0 }, 0.001);
  within(half.contentionShare.value, 0.5, 0.01);
  within(half.coherencyShare.value, 0, 0.01);
});

test("a fit has a peak exactly if the interval of kappa excludes 0", () => {
  const counts = { peak: 0, none: 0, noneThoughAboveZero: 0 };
  for (let seed = 1; seed <= 30; seed++) {
    const steps = noisily({ lambda: 1_000, sigma: 0.1, kappa: 4e-4 }, 0.06, seed);
    const { kappa, peak } = fitUsl(steps, { resamples: 100 });
    const values = JSON.stringify({ seed, kappa, peak });
    if (kappa.low === 0) assert.equal(peak, null, values);
    // An end between a resample with 0 and one above 0 is just above 0, and can count as 0.
    if (kappa.low > kappa.value / 8) assert.notEqual(peak, null, values);
    if (peak !== null) counts.peak++;
    else counts.none++;
    if (peak === null && kappa.value > 0) counts.noneThoughAboveZero++;
  }
  assert.ok(Object.values(counts).every((count) => count > 0), JSON.stringify(counts));
});

test("a peak beyond the data is marked as such; if throughput only falls, the peak is one client", () => {
  const fit = fitUsl(exactly({ lambda: 10, sigma: 0.01, kappa: 1e-4 }), FEW);
  assert.equal(fit.peak?.isWithinData, false);
  within(fit.peak?.clients.value ?? NaN, Math.sqrt(0.99 / 1e-4), 1e-3);
  assert.match(fit.sentence, /has its peak beyond the 32 clients that were measured\./);
  const falling = fitUsl(pairs([1, 2, 4, 8], [100, 60, 33, 17]), FEW);
  assert.equal(falling.peak?.clients.value, 1);
});

test("data that does not follow the law has a lack of fit", () => {
  const random = randomFrom(5);
  const steps = CLIENTS.map((clients) => ({
    clients,
    opsPerSecond: noisyRepeats(clients < 8 ? 1_000 : 3_000, 0.01, 3, random),
  }));
  const fit = fitUsl(steps, FEW);
  assert.ok((fit.lackOfFit ?? 0) > 100);
  assert.match(fit.sentence, /only roughly/);
  const lawful = fitUsl(noisily({ lambda: 1e4, sigma: 0.1, kappa: 0.001 }, 0.02, 9), FEW);
  assert.ok((lawful.lackOfFit ?? 99) < 4, `${lawful.lackOfFit}`);
  assert.doesNotMatch(lawful.sentence, /only roughly/);
});

test("one outlier, equal values and a step of zeros are fitted", () => {
  const steps = noisily({ lambda: 1_000, sigma: 0.1, kappa: 0.002 }, 0.01, 2);
  const spoilt = steps.map((step) =>
    step.clients === 6 ? { ...step, opsPerSecond: [...step.opsPerSecond.slice(1), 1] } : step
  );
  const fit = fitUsl(spoilt, FEW);
  assert.ok(fit.sigma.low <= 0.1 && 0.1 <= fit.sigma.high, JSON.stringify(fit.sigma));
  const level = fitUsl(CLIENTS.map((clients) => ({ clients, opsPerSecond: [70, 70, 70] })), FEW);
  within(level.sigma.value, 1, 1e-9);
  assert.equal(level.rSquared, null);
  const dead = fitUsl(pairs([1, 2, 3, 4, 5], [100, 180, 240, 290, 0]), FEW);
  assert.ok(Number.isFinite(dead.kappa.value) && Number.isFinite(dead.lambdaOpsPerSecond.high));
});

test("data without a fit is rejected with a sentence", () => {
  const assertRejected = (steps: SweepStep[], name: string, message: RegExp) =>
    assert.throws(() => fitUsl(steps), { name, message });
  assertRejected(pairs([1, 2, 3], [1, 2, 3]), "UslDataError", /needs 4 different.*got 3/);
  assertRejected(pairs([1, 2, 3, 4], [0, 0, 0, 0]), "UslDataError", /no step has any throughput/);
  assertRejected(pairs([1, 2, 2, 4], [1, 2, 3, 4]), "RangeError", /ascending.*2 came after 2/);
  assertRejected(pairs([1, 2, 3, 4], [1, 2, NaN, 4]), "RangeError", /got NaN ops\/s at 3 clients/);
  assertRejected([{ clients: 1, opsPerSecond: [] }], "RangeError", /at least one repeat/);
});

test("the same seed results in the same plain data, another seed in other data", () => {
  const steps = noisily({ lambda: 1_000, sigma: 0.1, kappa: 0.002 }, 0.05, 4);
  const fit = fitUsl(steps, FEW);
  assert.deepEqual(JSON.parse(JSON.stringify(fit)), fit);
  assert.deepEqual(fitUsl(steps, { ...FEW, seed: fit.bootstrap.seed }), fit);
  assert.notDeepEqual(fitUsl(steps, { ...FEW, seed: 1 }).sigma, fit.sigma);
});
