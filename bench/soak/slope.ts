/** Whether a series grows: a slope that outliers do not decide, and how sure it is. */
import { median } from "../../lib/perf/analysis/statistics.ts";

/** A value at a time. */
export interface Point {
  /** Seconds since the beginning. */
  readonly atS: number;
  readonly value: number;
}

/** Growth per hour, with an interval that holds the true one with 95%. */
export interface Slope {
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
}

const S_PER_HOUR = 3_600;

/** What a standard normal number stays below with 97.5%. */
const NORMAL_975 = 1.959964;

/** With fewer points no interval can be told. */
const MIN_POINTS = 5;

/**
 * The median of the slopes of all pairs (Theil and Sen), with Sen's interval (P. K. Sen, "Estimates
 * of the Regression Coefficient Based on Kendall's Tau", JASA 63, 1968): it takes points for
 * independent, so samples that hang together should be far apart.
 *
 * @returns with an infinite interval where there are fewer than 5 points
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

/** Of a time, what comes before it is warming up: code is compiled, and pools fill. */
const WARM_UP_SHARE = 1 / 3;

/** The points of the last two thirds of the time. */
export function warm(points: readonly Point[]): readonly Point[] {
  const endS = points.at(-1)?.atS ?? 0;
  return points.filter(({ atS }) => atS >= endS * WARM_UP_SHARE);
}

/** Growth that does not matter, as a share of the process' memory per hour. */
export const FLAT_SHARE = 0.01;

/**
 * Whether a series is flat: it may as well not grow at all, or grows by less than a hundredth of the
 * whole per hour.
 *
 * @param whole what the growth is a share of: the process' resident memory
 */
export function isFlat({ perHour, low }: Slope, whole: number): boolean {
  return (Number.isFinite(low) && low <= 0) || perHour < FLAT_SHARE * whole;
}
