/** The growth of a series: a slope that outliers do not decide, with a confidence interval. */
import { median } from "../../lib/perf/analysis/statistics.ts";

/** A value at a time. */
export interface Point {
  /** Seconds since the start. */
  readonly atS: number;
  readonly value: number;
}

/** Growth per hour, with its 95% interval. */
export interface Slope {
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
}

const S_PER_HOUR = 3_600;

/** The 97.5% quantile of the standard normal distribution. */
const NORMAL_975 = 1.959964;

/** Fewer points have no interval. */
const MIN_POINTS = 5;

/**
 * The median of the slopes of all pairs (Theil and Sen), with Sen's interval (P. K. Sen, "Estimates
 * of the Regression Coefficient Based on Kendall's Tau", JASA 63, 1968). It assumes independent
 * points, so samples that depend on each other must be far apart.
 *
 * @returns an infinite interval with fewer than 5 points
 */
export function slopeOf(points: readonly Point[]): Slope {
  const slopes: number[] = [];
  points.forEach((one, place) => {
    for (const other of points.slice(place + 1)) {
      const hours = (other.atS - one.atS) / S_PER_HOUR;
      if (hours > 0) slopes.push((other.value - one.value) / hours);
    }
  });
  slopes.sort((a, b) => a - b);
  const count = points.length;
  const spread = NORMAL_975 * Math.sqrt(count * (count - 1) * (2 * count + 5) / 18);
  const below = Math.floor((slopes.length - spread) / 2) - 1;
  const perHour = slopes.length === 0 ? 0 : median(slopes);
  if (count < MIN_POINTS) return { perHour, low: -Infinity, high: Infinity };
  return {
    perHour,
    low: slopes[below] ?? -Infinity,
    high: slopes[slopes.length - 1 - below] ?? Infinity,
  };
}

/** The warm-up, as a share of the time: V8 compiles code, and pools grow. */
const WARM_UP_SHARE = 1 / 3;

/** The points after the warm-up. */
export function warm(points: readonly Point[]): readonly Point[] {
  const endS = points.at(-1)?.atS ?? 0;
  return points.filter(({ atS }) => atS >= endS * WARM_UP_SHARE);
}

/** Growth that does not matter, as a share of the memory of the process per hour. */
const FLAT_SHARE = 0.01;

/**
 * Whether a series is flat: the interval includes no growth, or the growth is small.
 *
 * @param whole the resident memory of the process
 */
export function isFlat({ perHour, low }: Slope, whole: number): boolean {
  return (Number.isFinite(low) && low <= 0) || perHour < FLAT_SHARE * whole;
}
