/**
 * Proves the fit of the Universal Scalability Law against published fits.
 *
 * They are those of the R package `usl` 3.0.3 (S. Moeding, CRAN): its vignette, and the output of its
 * own tests. It fits the same law with the same bounds by `nls` and `nlxb`; sigma, kappa and lambda are
 * its alpha, beta and gamma. (Version 1.8.0 divided by X(1) and fitted a polynomial, which results in
 * sigma 0.0171 and kappa 0.0000789 for SDM91: another model.)
 */
import assert from "assert";
import { fitUsl } from "../../../lib/perf/analysis/usl.ts";
import type { UslFit } from "../../../lib/perf/analysis/usl_fit.ts";
import type { SweepStep } from "../../../lib/perf/analysis/sweep_step.ts";
import { pairs, within } from "./usl_steps.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("usl published");

/** A published fit. */
interface Published {
  readonly steps: SweepStep[];
  /** The published estimate, and its standard error. */
  readonly lambda: readonly [number, number];
  readonly sigma: readonly [number, number];
  readonly kappa: readonly [number, number];
}

/** Ray tracing on an SGI Origin 2000 (Gunther 2007, table 5.1): processors, rays a second. */
const RAYTRACER: Published = {
  steps: pairs(
    [1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64],
    [20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310],
  ),
  lambda: [21.848843, 2.196165],
  sigma: [0.057771, 0.013293],
  kappa: [0.000000, 0.000118],
};

/** SPEC SDM91 on a SPARCcenter 2000 (Gunther 2007; spec.org): users, scripts an hour. */
const SDM91: Published = {
  steps: pairs([1, 18, 36, 72, 108, 144, 216], [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775, 1702.2]),
  lambda: [89.9952330, 14.2134894],
  sigma: [0.0277285, 0.0091217],
  kappa: [0.0001044, 0.0000199],
};

function assertPublished(fit: UslFit, { lambda, sigma, kappa }: Published): void {
  const { lambdaOpsPerSecond: rate } = fit;
  const compared = [[rate, lambda], [fit.sigma, sigma], [fit.kappa, kappa]] as const;
  for (const [{ value, low, high }, [expected, standardError]] of compared) {
    within(value, expected, standardError);
    // These are the same least squares, so all published digits must be equal.
    within(value, expected, Math.max(1e-5 * expected, 6e-8));
    assert.ok(low <= expected && expected <= high, `${expected} is not in ${low} to ${high}`);
  }
}

test("the fit of the ray tracer: contention alone, no peak", () => {
  const fit = fitUsl(RAYTRACER.steps);
  assertPublished(fit, RAYTRACER);
  assert.equal(fit.peak, null);
  assert.equal(fit.limit.by, "contention");
  const residuals = fit.residuals.map(({ residualOpsPerSecond }) => residualOpsPerSecond);
  within(Math.min(...residuals), -15.18, 0.005);
  within(Math.max(...residuals), 9.69, 0.005);
  assert.match(fit.sentence, /no certain peak.*contention limits/);
});

test("the fit of the ray tracer's first six points", () => {
  // tests/confint.Rout.save of the package: coefficients, and the ends of its 95% intervals.
  const fit = fitUsl(RAYTRACER.steps.slice(0, 6));
  within(fit.sigma.value, 0.02444, 5e-6);
  within(fit.kappa.value, 0.00163, 5e-6);
  within(fit.lambdaOpsPerSecond.value, 20.85605, 5e-6);
  assert.ok(fit.sigma.low >= 0 && fit.sigma.high < 0.06, JSON.stringify(fit.sigma));
});

test("the fit of SDM91: its peak, within the data", () => {
  const fit = fitUsl(SDM91.steps);
  assertPublished(fit, SDM91);
  // tests/peak-scalability.Rout.save and summary.Rout.save.
  within(fit.peak?.clients.value ?? NaN, 96.51956, 1e-4 * 96.5);
  within(fit.peak?.opsPerSecond.value ?? NaN, 1884, 0.5);
  assert.equal(fit.peak?.isWithinData, true);
  const squared = fit.residuals.reduce((sum, one) => sum + one.residualOpsPerSecond ** 2, 0);
  within(Math.sqrt(squared / 4), 82.85, 0.005);
  within(fit.rSquared ?? NaN, 0.9896, 5e-5);
});

test("the fit of a benchmark of up to 32 threads, to five digits", () => {
  // B. Schwartz, "Practical Scalability Analysis with the Universal Scalability Law", 2015.
  const throughputs = [
    ...[955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61],
    ...[8278.71, 8646.7, 9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52],
    ...[11151.43, 11518.63, 11806, 12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27],
    ...[12118.04, 12140.4, 12074.39],
  ];
  const fit = fitUsl(pairs(throughputs.map((_, place) => place + 1), throughputs));
  assert.deepEqual(fit.leftOutClients, []);
  within(fit.lambdaOpsPerSecond.value, 995.6486, 1e-3);
  within(fit.sigma.value, 0.02671591, 5e-8);
  within(fit.kappa.value, 7.690945e-4, 1e-9);
  // Published are 35, rounded down, and the throughput of 35 threads.
  within(fit.peak?.clients.value ?? NaN, 35.5, 0.5);
  within(fit.peak?.opsPerSecond.value ?? NaN, 12_341, 2);
});
