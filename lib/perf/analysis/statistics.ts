/**
 * The statistics that the analysis of measurements shares. Robust ones where there is a choice: a
 * repeat that something else on the machine disturbed is the rule, and it must not decide.
 */
import type { Random } from "../../base/random.ts";

/** How sure an interval is, everywhere here. */
export const CONFIDENCE = 0.95;

/** The seed of a bootstrap where none is given; every result tells the seed it was made with. */
export const DEFAULT_SEED = 20_260_101;

/** Resamples of a bootstrap where no number is given: the ends of an interval then rest on 25 each. */
export const DEFAULT_RESAMPLES = 1_000;

/**
 * A difference smaller than this share is of no use to anyone, however little noise the repeats
 * show: repeats of one run share the state of the machine, and the next run does not.
 */
export const MATERIAL_SHARE = 0.01;

/** From where to where a quantity is, as sure as `CONFIDENCE` says. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The median; NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The quantile, interpolated between neighbours (Hyndman and Fan's definition 7, the default of R
 * and NumPy); NaN of nothing.
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
  // Neighbours that are both infinite have no difference.
  return below === above ? below : below + (place - Math.floor(place)) * (above - below);
}

/** What lies between the lowest and the highest 2.5% of what a bootstrap gave (percentile interval). */
export function percentileInterval(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantileOfSorted(sorted, tail), high: quantileOfSorted(sorted, 1 - tail) };
}

/**
 * The values moved away from their centre by sqrt(n / (n - lost)): a resample of them varies as much
 * as the population they came from. As they are, resamples vary too little: by a fifth of the
 * variance with 5 values (T. Hesterberg, "What Teachers Should Know About the Bootstrap", The
 * American Statistician 69, 2015: narrowness bias).
 *
 * @param centre that the values were measured from
 * @param lost degrees of freedom that went into the centre; values of which none is left stay as
 *   they are (default: 1)
 * @param factor to widen them by besides (default: 1)
 */
export function widenSpread(
  values: readonly number[],
  centre: number,
  lost = 1,
  factor = 1,
): number[] {
  const left = values.length - lost;
  const whole = factor * (left > 0 ? Math.sqrt(values.length / left) : 1);
  return values.map((value) => centre + (value - centre) * whole);
}

/** As many values as there are, drawn from them, with putting back (Efron's bootstrap). */
export function resample(values: readonly number[], random: Random): number[] {
  return values.map(() => values[random.below(values.length)] ?? NaN);
}

/** What makes the median of the differences of pairs the standard deviation of a normal law. */
const SHAMOS_FACTOR = 1.0483;

/** How much of the information a standard deviation uses, this one uses. */
const SHAMOS_EFFICIENCY = 0.86;

/** How much repeats differ by noise alone. */
export interface Noise {
  /** Standard deviation of one repeat, as a share of its group's median. */
  readonly share: number;
  /** Degrees of freedom it rests on. */
  readonly degreesOfFreedom: number;
}

/**
 * The noise of groups of repeats, relative to each group's median: Shamos' estimator (the median of
 * all differences of pairs of the same group) over all groups together. It needs no estimate of a
 * centre, which is poor with three repeats; it stays right when nearly 3 in 10 pairs are spoilt by
 * outliers; and it uses 86% of the information that a standard deviation does (M. Shamos, 1976; P.
 * Rousseeuw and C. Croux, "Alternatives to the Median Absolute Deviation", JASA 88, 1993).
 *
 * @returns undefined where no group has two repeats and a median above 0
 */
export function pooledNoise(groups: readonly (readonly number[])[]): Noise | undefined {
  const differences: number[] = [];
  let degreesOfFreedom = 0;
  for (const group of groups) {
    const centre = median(group);
    if (group.length < 2 || centre === 0) continue;
    degreesOfFreedom += SHAMOS_EFFICIENCY * (group.length - 1);
    group.forEach((value, place) => {
      for (const other of group.slice(place + 1)) {
        differences.push(Math.abs(value - other) / centre);
      }
    });
  }
  if (differences.length === 0) return undefined;
  return { share: SHAMOS_FACTOR * median(differences), degreesOfFreedom };
}

/** What a standard normal number stays below with 97.5%. */
const NORMAL_975 = 1.959964;

/**
 * How much wider than with a known noise an interval has to be, since the noise was estimated too.
 *
 * @param degreesOfFreedom of that estimate, above 0
 */
export function studentFactor(degreesOfFreedom: number): number {
  return studentT975(degreesOfFreedom) / NORMAL_975;
}

/**
 * What Student's t stays below with 97.5%: Cornish and Fisher's expansion (Abramowitz and Stegun,
 * "Handbook of Mathematical Functions", 26.7.5), within 1% from 3 degrees of freedom on.
 *
 * @param degreesOfFreedom above 0, not necessarily whole
 */
export function studentT975(degreesOfFreedom: number): number {
  const z = NORMAL_975;
  const z3 = z ** 3;
  const z5 = z ** 5;
  const z7 = z ** 7;
  return z + (z3 + z) / (4 * degreesOfFreedom) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * degreesOfFreedom ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degreesOfFreedom ** 3);
}
