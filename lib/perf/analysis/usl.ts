/**
 * The fit of the Universal Scalability Law to a sweep: the peak of throughput, and its limit.
 *
 * N. Gunther, "Guerrilla Capacity Planning", Springer 2007: a system of N clients loses throughput to
 * contention (sigma: clients wait for a resource that only one can use) and to coherency (kappa: each
 * pair of clients has to agree). The form with three parameters is his form of 2018, and that of the R
 * package `usl` since version 2: the throughput of one client is a parameter, too. Earlier versions
 * divided by the measured X(1) first, which results in other parameters.
 */
import { type Random, randomFrom } from "../../base/random.ts";
import {
  CONFIDENCE,
  DEFAULT_RESAMPLES,
  DEFAULT_SEED,
  MATERIAL_SHARE,
  mean,
  percentileInterval,
  resample,
  studentFactor,
  widenSpread,
} from "./statistics.ts";
import { hasFallen } from "./plateau.ts";
import { superlinearClients } from "./superlinear.ts";
import { checkSteps, type SweepStep } from "./sweep_step.ts";
import { type UslParameters, UslSolver, uslThroughput } from "./usl_solver.ts";
import {
  type Estimate,
  type UslFit,
  type UslLimit,
  type UslPeak,
  type UslResidual,
} from "./usl_fit.ts";
import { tooFewSentence, uslSentence } from "./usl_sentence.ts";

/** Number of parameters of the law. */
const PARAMETERS = 3;

/** Minimum number of different client counts for a fit. */
const MIN_STEPS = PARAMETERS + 1;

/** A sweep without a fit; the message has the reason. */
export class UslDataError extends RangeError {
  override name = "UslDataError";
}

/** The options of the bootstrap. */
interface BootstrapOptions {
  /** Any whole number (default: `DEFAULT_SEED`). The same seed results in the same intervals. */
  readonly seed?: number;
  /** Number of resamples (default: 1,000). */
  readonly resamples?: number;
}

/**
 * Fits the law by least squares of all repeats, and computes intervals by a bootstrap. Steps to which
 * the law does not apply are left out (`superlinearClients`).
 *
 * @param measured steps of a sweep, at least four to which the law applies
 * @throws {UslDataError} if the sweep has too few such steps, or no throughput
 * @throws {RangeError} if the steps are not a sweep (`checkSteps`)
 */
export function fitUsl(measured: readonly SweepStep[], options: BootstrapOptions = {}): UslFit {
  const { seed = DEFAULT_SEED, resamples = DEFAULT_RESAMPLES } = options;
  checkSteps(measured);
  const leftOutClients = superlinearClients(measured);
  const steps = measured.filter(({ clients }) => !leftOutClients.includes(clients));
  if (steps.length < MIN_STEPS) {
    throw new UslDataError(tooFewSentence(MIN_STEPS, measured, leftOutClients));
  }
  const solver = new UslSolver(
    steps.map(({ clients }) => clients),
    steps.map(({ opsPerSecond }) => opsPerSecond.length),
  );
  const means = steps.map(({ opsPerSecond }) => mean(opsPerSecond));
  const fit = solver.solve(means);
  if (fit === undefined) {
    throw new UslDataError("There is nothing to fit: no step has any throughput");
  }
  const of = steps.every(({ opsPerSecond }) => opsPerSecond.length > 1) ? "repeats" : "residuals";
  const draw = of === "repeats" ? repeatResampler(steps) : residualResampler(steps, fit);
  const random = randomFrom(seed);
  const resampled: UslParameters[] = [];
  for (let i = 0; i < resamples; i++) {
    // A resample without any throughput has no fit.
    resampled.push(solver.solve(draw(random)) ?? fit);
  }
  const result = {
    lambdaOpsPerSecond: estimate(fit, resampled, (one) => one.lambda),
    sigma: estimate(fit, resampled, (one) => one.sigma),
    kappa: estimate(fit, resampled, (one) => one.kappa),
    peak: peakOf(fit, resampled, steps),
    limit: limitOf(fit, resampled, steps, of === "residuals" || hasFallen(measured)),
    residuals: steps.map(({ clients }, place) => residualOf(fit, clients, means[place] ?? NaN)),
    ...qualityOf(fit, steps),
    leftOutClients,
    bootstrap: { seed, resamples, confidence: CONFIDENCE, of },
  } as const;
  return { ...result, sentence: uslSentence(result, measured) };
}

/** Creates a function that draws repeats within each step, and returns the means. */
function repeatResampler(steps: readonly SweepStep[]): (random: Random) => number[] {
  // About a third of the steps determines each parameter: their noise counts.
  const freedom = sumOf(steps, ({ opsPerSecond }) => opsPerSecond.length - 1) / PARAMETERS;
  const factor = studentFactor(freedom);
  const pools = steps.map(({ opsPerSecond }) =>
    widenSpread(opsPerSecond, mean(opsPerSecond), 1, factor)
  );
  return (random) => pools.map((pool) => notNegative(mean(resample(pool, random))));
}

/** Creates a function that adds random residuals to the fitted throughput, and returns the means. */
function residualResampler(
  steps: readonly SweepStep[],
  fit: UslParameters,
): (random: Random) => number[] {
  const fitted = steps.map(({ clients }) => uslThroughput(fit, clients));
  const residuals = steps.flatMap(({ opsPerSecond }, place) =>
    opsPerSecond.map((value) => value - (fitted[place] ?? NaN))
  );
  // Residuals are smaller than errors, because the parameters were fitted to the data.
  const lost = freeParameters(fit);
  const center = mean(residuals);
  const pool = widenSpread(residuals, center, lost, studentFactor(residuals.length - lost))
    .map((value) => value - center);
  return (random) =>
    steps.map(({ opsPerSecond }, place) => {
      const errors = opsPerSecond.map(() => pool[random.below(pool.length)] ?? NaN);
      return notNegative((fitted[place] ?? NaN) + mean(errors));
    });
}

function notNegative(opsPerSecond: number): number {
  return Math.max(0, opsPerSecond);
}

/** Counts the parameters that are not at a bound. */
function freeParameters({ sigma, kappa }: UslParameters): number {
  return 1 + (sigma > 0 && sigma < 1 ? 1 : 0) + (kappa > 0 ? 1 : 0);
}

function estimate(
  fit: UslParameters,
  resampled: readonly UslParameters[],
  quantity: (parameters: UslParameters) => number,
): Estimate {
  return { value: quantity(fit), ...percentileInterval(resampled.map(quantity)) };
}

function peakClients({ sigma, kappa }: UslParameters): number {
  // With sigma 1 and kappa 0, throughput is the same everywhere.
  if (kappa === 0) return Infinity;
  return Math.max(1, Math.sqrt((1 - sigma) / kappa));
}

function peakOf(
  fit: UslParameters,
  resampled: readonly UslParameters[],
  steps: readonly SweepStep[],
): UslPeak | null {
  const clients = estimate(fit, resampled, peakClients);
  // The peak is infinite if kappa is 0. Its upper end is infinite if the interval of kappa reaches 0.
  if (!Number.isFinite(clients.high) || !Number.isFinite(clients.value)) return null;
  return {
    clients,
    opsPerSecond: estimate(fit, resampled, (one) => {
      const clients = peakClients(one);
      return Number.isFinite(clients) ? uslThroughput(one, clients) : one.lambda / one.sigma;
    }),
    isWithinData: clients.value <= mostClients(steps),
  };
}

function mostClients(steps: readonly SweepStep[]): number {
  return steps.at(-1)?.clients ?? NaN;
}

/** @param mayBeCoherency whether throughput falls at the end, or its noise is unknown */
function limitOf(
  fit: UslParameters,
  resampled: readonly UslParameters[],
  steps: readonly SweepStep[],
  mayBeCoherency: boolean,
): UslLimit {
  const atClients = mostClients(steps);
  const contention = ({ sigma }: UslParameters) => sigma * (atClients - 1);
  const coherency = ({ kappa }: UslParameters) => kappa * atClients * (atClients - 1);
  const whole = (one: UslParameters) => 1 + contention(one) + coherency(one);
  const lostShare = estimate(fit, resampled, (one) => 1 - 1 / whole(one));
  const ahead = percentileInterval(resampled.map((one) => coherency(one) - contention(one)));
  const by = lostShare.high < MATERIAL_SHARE
    ? "neither"
    : lostShare.low < MATERIAL_SHARE
    ? "undecided"
    : ahead.low > 0 && mayBeCoherency
    ? "coherency"
    : ahead.high < 0
    ? "contention"
    : "undecided";
  return {
    by,
    atClients,
    lostShare,
    contentionShare: estimate(fit, resampled, (one) => contention(one) / whole(one)),
    coherencyShare: estimate(fit, resampled, (one) => coherency(one) / whole(one)),
  };
}

function residualOf(fit: UslParameters, clients: number, opsPerSecond: number): UslResidual {
  const fittedOpsPerSecond = uslThroughput(fit, clients);
  return {
    clients,
    opsPerSecond,
    fittedOpsPerSecond,
    residualOpsPerSecond: opsPerSecond - fittedOpsPerSecond,
  };
}

function qualityOf(
  fit: UslParameters,
  steps: readonly SweepStep[],
): { rSquared: number | null; lackOfFit: number | null } {
  const all = steps.flatMap(({ opsPerSecond }) => opsPerSecond);
  const total = squaredFrom(all, mean(all));
  const noise = sumOf(steps, ({ opsPerSecond }) => squaredFrom(opsPerSecond, mean(opsPerSecond)));
  const misfit = sumOf(
    steps,
    ({ clients, opsPerSecond }) =>
      opsPerSecond.length * (mean(opsPerSecond) - uslThroughput(fit, clients)) ** 2,
  );
  const spare = steps.length - freeParameters(fit);
  return {
    rSquared: total > 0 ? 1 - (noise + misfit) / total : null,
    lackOfFit: noise > 0 ? (misfit / spare) / (noise / (all.length - steps.length)) : null,
  };
}

function sumOf(steps: readonly SweepStep[], part: (step: SweepStep) => number): number {
  return steps.reduce((sum, step) => sum + part(step), 0);
}

function squaredFrom(values: readonly number[], center: number): number {
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0);
}
