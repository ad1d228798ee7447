/** The change between two runs: faster, slower, or no more than noise. */
import { randomFrom } from "../../base/random.ts";
import {
  CONFIDENCE,
  DEFAULT_RESAMPLES,
  DEFAULT_SEED,
  MATERIAL_SHARE,
  median,
  percentileInterval,
  pooledNoise,
  resample,
  widenSpread,
} from "./statistics.ts";

/** Minimum number of repeats of each run for a verdict. */
const MIN_REPEATS = 3;

/** Maximum distance of a repeat from the median, in standard deviations of the noise. */
const MAX_DEVIATIONS = 3;

/** The change of one figure; plain data for JSON. */
export interface Change {
  readonly verdict: "faster" | "slower" | "no more than noise" | "too few repeats to say";
  readonly oldMedian: number;
  readonly newMedian: number;
  /** New median divided by the old one; null if the old one is 0. */
  readonly ratio: number | null;
  /** Interval of the ratio, with `bootstrap.confidence`; an end is null if it is not a finite number. */
  readonly ratioLow: number | null;
  readonly ratioHigh: number | null;
  readonly bootstrap: {
    readonly seed: number;
    readonly resamples: number;
    readonly confidence: number;
  };
  /** The verdict in plain English. */
  readonly sentence: string;
}

/** The options of a comparison. */
interface ChangeOptions {
  /** Whether higher values are faster (throughput) or lower ones (latency). */
  readonly better: "higher" | "lower";
  /** Any whole number (default: `DEFAULT_SEED`). */
  readonly seed?: number;
  /** Number of resamples (default: 1,000). */
  readonly resamples?: number;
}

/**
 * Compares the repeats of two runs by the ratio of their medians and its bootstrap interval. It finds a
 * change if the interval is on one side of 1 and the ratio is at least 1% away from 1. The two runs can
 * have different numbers of repeats.
 *
 * @param oldValues repeats of the earlier run, at least one
 * @param newValues repeats of the later run, of the same quantity in the same unit
 * @throws {RangeError} if a run has no repeat, or a value is negative or not a finite number
 */
export function compareRuns(
  oldValues: readonly number[],
  newValues: readonly number[],
  options: ChangeOptions,
): Change {
  const { better, seed = DEFAULT_SEED, resamples = DEFAULT_RESAMPLES } = options;
  checkValues(oldValues, "old");
  checkValues(newValues, "new");
  const oldMedian = median(oldValues);
  const newMedian = median(newValues);
  const random = randomFrom(seed);
  const noiseShare = pooledNoise([oldValues, newValues])?.share ?? 0;
  const oldPool = widenSpread(clampOutliers(oldValues, noiseShare), oldMedian);
  const newPool = widenSpread(clampOutliers(newValues, noiseShare), newMedian);
  const interval = percentileInterval(
    Array.from(
      { length: resamples },
      () => ratioOf(median(resample(oldPool, random)), median(resample(newPool, random))),
    ),
  );
  const ratio = ratioOf(oldMedian, newMedian);
  const isHigher = interval.low > 1 && ratio >= 1 + MATERIAL_SHARE;
  const isLower = interval.high < 1 && ratio <= 1 - MATERIAL_SHARE;
  const verdict = !hasEnoughRepeats(oldValues.length, newValues.length)
    ? "too few repeats to say"
    : !isHigher && !isLower
    ? "no more than noise"
    : isHigher === (better === "higher")
    ? "faster"
    : "slower";
  const isKnown = oldMedian > 0;
  const result = {
    verdict,
    oldMedian,
    newMedian,
    ratio: isKnown ? ratio : null,
    ratioLow: isKnown ? finiteOrNull(interval.low) : null,
    ratioHigh: isKnown ? finiteOrNull(interval.high) : null,
    bootstrap: { seed, resamples, confidence: CONFIDENCE },
  } as const;
  return { ...result, sentence: sentenceOf(result) };
}

/**
 * Limits the distance of values from the median to `MAX_DEVIATIONS`. In 6% of all resamples, three of
 * five draws are the same outlier: without a limit, that would be too often for an interval of 95%.
 */
function clampOutliers(values: readonly number[], noiseShare: number): number[] {
  const center = median(values);
  const limit = MAX_DEVIATIONS * noiseShare * center;
  return values.map((value) => Math.min(center + limit, Math.max(center - limit, value)));
}

function checkValues(values: readonly number[], run: string): void {
  if (values.length === 0) throw new RangeError(`The ${run} run has no repeat to compare`);
  const wrong = values.find((value) => !Number.isFinite(value) || value < 0);
  if (wrong !== undefined) {
    throw new RangeError(`Runs are compared by numbers from 0: got ${wrong}`);
  }
}

/** New divided by old; 1 if both are 0. Widening can move a value below 0. */
function ratioOf(before: number, after: number): number {
  const [from, to] = [Math.max(0, before), Math.max(0, after)];
  return from === to ? 1 : to / from;
}

/**
 * Whether chance alone separates the two runs completely in at most 5% of all assignments of the values
 * to them. As in the Mann-Whitney test, these are two of all choices: 10% with 3 and 3 repeats.
 */
function hasEnoughRepeats(olds: number, news: number): boolean {
  if (Math.min(olds, news) < MIN_REPEATS) return false;
  let choices = 1;
  for (let i = 1; i <= olds; i++) choices *= (news + i) / i;
  return 2 / choices <= 1 - CONFIDENCE;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function sentenceOf({ verdict, ratio, ratioLow, ratioHigh }: Omit<Change, "sentence">): string {
  const start = `${verdict[0]?.toUpperCase()}${verdict.slice(1)}`;
  if (ratio === null) return `${start}: there is no ratio to 0.`;
  const percent = (one: number | null) =>
    one === null ? "any" : `${one < 1 ? "-" : "+"}${(100 * Math.abs(one - 1)).toFixed(1)}%`;
  return `${start}: ${percent(ratio)} (95%: ${percent(ratioLow)} to ${percent(ratioHigh)}).`;
}
