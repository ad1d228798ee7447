/** What a picture shows, and whether it can be drawn. Says nothing of how. */

/** Where values lie on an axis; a logarithmic one has room for values above 0 only. */
export type Scale = "linear" | "log";

/** One of the two axes. */
export interface Axis {
  /** What it shows, as in `Throughput`. */
  readonly title: string;
  /** What a 1 on it is, as in `requests/s`. */
  readonly unit: string;
  readonly scale: Scale;
}

/** A measured value, with its spread where it was measured more than once. */
export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** The least of all measurements (default: `y`). */
  readonly low?: number;
  /** The most of all measurements (default: `y`). */
  readonly high?: number;
}

/** Points that belong together, joined by a line in the order of x. */
export interface PlotSeries {
  /** For the legend. */
  readonly name: string;
  /** At least one. */
  readonly points: readonly PlotPoint[];
}

/** A picture: series over a common x axis. */
export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  /** At least one; their names differ. */
  readonly series: readonly PlotSeries[];
  /** Of the space between the axes, in pixels (default: 560). */
  readonly widthPx?: number;
  /** Of the same (default: 300). */
  readonly heightPx?: number;
}

/** A picture that cannot be drawn; the message says which value of it, and why. */
export class ChartError extends Error {
  override name = "ChartError";
}

/** An axis in words, as in `Throughput (requests/s)`. */
export function axisText({ title, unit }: Axis): string {
  return `${title} (${unit})`;
}

/**
 * Refuses what cannot be drawn rather than to leave it out.
 *
 * @throws {ChartError} where there is no series, one has no points or another's name, a text is
 * empty, a value is not finite, not in its spread, or not above 0 on a logarithmic axis
 */
export function checkChart(chart: Chart): void {
  const refuse = (why: string): never => {
    throw new ChartError(`Cannot draw "${chart.title}": ${why}`);
  };
  if (!chart.title.trim()) refuse("it has no title");
  for (const name of ["x", "y"] as const) {
    const { title, unit } = chart[name];
    if (!title.trim() || !unit.trim()) refuse(`its ${name} axis needs a title and a unit`);
  }
  if (chart.series.length === 0) refuse("it has no series");
  const names = new Set<string>();
  for (const { name, points } of chart.series) {
    if (!name.trim()) refuse("a series has no name");
    if (names.has(name)) refuse(`two series are named "${name}"`);
    names.add(name);
    if (points.length === 0) refuse(`series "${name}" has no points`);
    for (const point of points) {
      const why = problemOf(point, chart);
      if (why) refuse(`${why} (series "${name}", x = ${point.x}, y = ${point.y})`);
    }
  }
}

/** Why a point cannot be drawn; undefined where it can. */
function problemOf(point: PlotPoint, { x, y }: Chart): string | undefined {
  const { low, high } = spreadOf(point);
  const values: [axis: "x" | "y", scale: Scale, value: number][] = [
    ["x", x.scale, point.x],
    ["y", y.scale, point.y],
    ["y", y.scale, low],
    ["y", y.scale, high],
  ];
  for (const [axis, scale, value] of values) {
    if (!Number.isFinite(value)) return `values must be finite numbers, and one is ${value}`;
    if (scale === "log" && value <= 0) {
      return `its ${axis} axis is logarithmic, where values must be above 0, and one is ${value}`;
    }
  }
  if (low > point.y || high < point.y) return `y is not in its spread of ${low} to ${high}`;
  return undefined;
}

/** The ends of a point's spread: both are y where it has none. */
export function spreadOf({ y, low = y, high = y }: PlotPoint): { low: number; high: number } {
  return { low, high };
}
