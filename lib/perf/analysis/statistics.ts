/**
 * The statistics of the analysis. They are robust if possible: other programs of the machine often
 * disturb a repeat, which must not decide the result.
 */
import type { Random } from "../../base/random.ts";

/** The confidence of all intervals. */
export const CONFIDENCE = 0.95;

/** Default seed of a bootstrap. Every result contains its seed. */
export const DEFAULT_SEED = 20_260_101;

/** Default number of resamples of a bootstrap: 25 of them are beyond each end of an interval. */
export const DEFAULT_RESAMPLES = 1_000;

/**
 * The smallest difference that counts, as a share. The repeats of one run share the state of the
 * machine, and the next run has another state. So the noise of repeats is smaller than that of runs.
 */
export const MATERIAL_SHARE = 0.01;

/** The range of a quantity, with `CONFIDENCE`. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Computes the mean; NaN without values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Computes the median; NaN without values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * Computes a quantile, interpolated between neighbors (Hyndman and Fan's definition 7, the default of R
 * and NumPy); NaN without values.
 *
 * @param values in any order
 * @param share from 0 (the smallest) to 1 (the largest)
 */
export function quantile(values: readonly number[], share: number): number {
  return quantileOfSorted(values.toSorted((a, b) => a - b), share);
}

function quantileOfSorted(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  // Two infinite neighbors have no difference.
  return below === above ? below : below + (place - Math.floor(place)) * (above - below);
}

/** Computes the interval between the lowest and the highest 2.5% of the results of a bootstrap. */
export function percentileInterval(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantileOfSorted(sorted, tail), high: quantileOfSorted(sorted, 1 - tail) };
}

/**
 * Multiplies the distances from the center by sqrt(n / (n - lost)), so that resamples vary as much as
 * the population. Resamples of the unchanged values vary too little: with 5 values, their variance is
 * too small by a fifth (T. Hesterberg, "What Teachers Should Know About the Bootstrap", The American
 * Statistician 69, 2015: narrowness bias).
 *
 * @param lost degrees of freedom that the estimate of the center uses (default: 1); if it uses all of
 *   them, distances are multiplied by `factor` alone
 * @param factor another factor of the distances (default: 1)
 */
export function widenSpread(
  values: readonly number[],
  center: number,
  lost = 1,
  factor = 1,
): number[] {
  const left = values.length - lost;
  const whole = factor * (left > 0 ? Math.sqrt(values.length / left) : 1);
  return values.map((value) => center + (value - center) * whole);
}

/** Draws the same number of values, with replacement (Efron's bootstrap). */
export function resample(values: readonly number[], random: Random): number[] {
  return values.map(() => values[random.below(values.length)] ?? NaN);
}

/** Ratio of a normal distribution's standard deviation to the median difference of its pairs. */
const SHAMOS_FACTOR = 1.0483;

/** Efficiency of Shamos' estimator, relative to the sample standard deviation. */
const SHAMOS_EFFICIENCY = 0.86;

/** The noise of repeats. */
export interface Noise {
  /** Standard deviation of one repeat, as a share of the median of its group. */
  readonly share: number;
  /** Degrees of freedom of the estimate. */
  readonly degreesOfFreedom: number;
}

/**
 * Estimates the noise of groups of repeats, relative to the median of each group. This is Shamos'
 * estimator over all groups: the median difference of two repeats of the same group. It needs no
 * estimate of a center, which is poor with three repeats. At most 29% of the repeats may be outliers:
 * then half of the pairs have none. Its efficiency is 86% of that of the standard deviation (M.
 * Shamos, 1976; P. Rousseeuw and C. Croux, "Alternatives to the Median Absolute Deviation", JASA 88,
 * 1993).
 *
 * @returns undefined if no group has two repeats and a median above 0
 */
export function pooledNoise(groups: readonly (readonly number[])[]): Noise | undefined {
  const differences: number[] = [];
  let degreesOfFreedom = 0;
  for (const group of groups) {
    const center = median(group);
    if (group.length < 2 || center === 0) continue;
    degreesOfFreedom += SHAMOS_EFFICIENCY * (group.length - 1);
    group.forEach((value, place) => {
      for (const other of group.slice(place + 1)) {
        differences.push(Math.abs(value - other) / center);
      }
    });
  }
  if (differences.length === 0) return undefined;
  return { share: SHAMOS_FACTOR * median(differences), degreesOfFreedom };
}

/** The 97.5% quantile of the standard normal distribution. */
const NORMAL_975 = 1.959964;

/**
 * Computes the factor by which an interval is wider because its noise is an estimate.
 *
 * @param degreesOfFreedom of the estimate, above 0
 */
export function studentFactor(degreesOfFreedom: number): number {
  return studentT975(degreesOfFreedom) / NORMAL_975;
}

/**
 * Computes the 97.5% quantile of Student's t.
 *
 * @param degreesOfFreedom above 0, not necessarily whole
 */
export function studentT975(degreesOfFreedom: number): number {
  return studentT(NORMAL_975, degreesOfFreedom);
}

/**
 * Computes the same for the largest of many differences, so that noise alone is beyond it in at most
 * 2.5% of all cases (Bonferroni). The normal quantile of a tail of 2.5% / n is at most
 * sqrt(1.96^2 + 2 ln n), because the tail beyond z is proportional to exp(-z^2 / 2) / z.
 *
 * @param differences number of differences, from 1
 */
export function studentT975OfMany(differences: number, degreesOfFreedom: number): number {
  return studentT(Math.sqrt(NORMAL_975 ** 2 + 2 * Math.log(differences)), degreesOfFreedom);
}

/**
 * Computes the quantile of Student's t from that of the normal distribution: Cornish and Fisher's
 * expansion (Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.5). For 97.5%, it is
 * exact to 1% with at least 3 degrees of freedom.
 */
function studentT(z: number, degreesOfFreedom: number): number {
  const z3 = z ** 3;
  const z5 = z ** 5;
  const z7 = z ** 7;
  return z + (z3 + z) / (4 * degreesOfFreedom) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * degreesOfFreedom ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degreesOfFreedom ** 3);
}

/**
 * Computes the standard error of a median, for repeats with a standard deviation of 1. Medians vary
 * more than means: by a factor of sqrt(pi / 2) with many values, and less with few. The median of two
 * values is their mean.
 */
export function errorOfMedian(repeats: number): number {
  return (repeats > 2 ? Math.sqrt(Math.PI / 2) : 1) / Math.sqrt(repeats);
}
