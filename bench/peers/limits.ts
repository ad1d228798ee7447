/** Figures of htserver alone with many connections or keys, some relative to its figures with few. */
import { spreadOf } from "../harness/summary.ts";
import { type Verdict, verdictOn } from "./ratios.ts";

/** A figure with its targets. */
export interface LimitFigure {
  readonly cell: string;
  readonly unit: "x" | "MB" | "s";
  /** One for each round; none if it could not be measured. */
  readonly values: readonly number[];
  /** A lower bound if the unit is a ratio, else an upper bound; undefined: for information. */
  readonly must?: number | undefined;
  readonly aim?: number | undefined;
  /** The reason why there are no values. */
  readonly problem?: string;
}

/** Digits after the point. */
const DIGITS = { x: 2, MB: 0, s: 2 } as const;

/** Whether the median meets the targets. */
export function limitVerdict({ unit, values, must, aim, problem }: LimitFigure): Verdict {
  if (problem !== undefined) return "MISSED";
  const sign = (figure?: number) => figure && (unit === "x" ? figure : -figure);
  return verdictOn(sign(spreadOf(values).median) ?? NaN, sign(must), sign(aim));
}

/** `MEDIAN`, and `MIN to MAX`. */
export function limitTexts(figure: LimitFigure): [median: string, spread: string] {
  if (figure.values.length === 0) return ["-", figure.problem ?? ""];
  const spread = spreadOf(figure.values);
  const text = (value: number) => withUnit(value, figure.unit);
  return [text(spread.median), `${text(spread.min)} to ${text(spread.max)}`];
}

/** Formats a figure, as in `0.85x` or `120 MB`. */
export function withUnit(value: number | undefined, unit: LimitFigure["unit"]): string {
  if (value === undefined) return "";
  return `${value.toFixed(DIGITS[unit])}${unit === "x" ? "" : " "}${unit}`;
}
