/** Summaries of several rounds, and the targets that they are compared with. */
import { median } from "../../lib/perf/analysis/statistics.ts";

/** The median, least and greatest value of the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The answer to a question of a benchmark. */
export interface Answer {
  readonly question: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly verdicts: readonly Verdict[];
  /** All measurements, for the JSON file. */
  readonly raw: unknown;
}

/** A target, and the measurement that decides it. */
export interface Verdict {
  readonly target: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Summarizes the rounds. All members are NaN without a value. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { median: NaN, min: NaN, max: NaN };
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** `MEDIAN (MIN to MAX)`. */
export function spreadText(values: readonly number[], digits: number): string {
  const { median, min, max } = spreadOf(values);
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}
