/** The description of a picture, and its check. The style is not part of it. */

/** The scale of an axis; a logarithmic one has only values above 0. */
export type Scale = "linear" | "log";

/** One of the two axes. */
export interface Axis {
  /** Name of the quantity, such as `Throughput`, or only its unit if the title has the name. */
  readonly title: string;
  /** Unit of the quantity, such as `requests/s`, or `count` for whole numbers (default: `title` has it). */
  readonly unit?: string;
  readonly scale: Scale;
}

/** A measured value, with the spread of several measurements. */
export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** Minimum of all measurements (default: `y`). */
  readonly low?: number;
  /** Maximum of all measurements (default: `y`). */
  readonly high?: number;
}

/**
 * How a series is drawn: `joined` has a mark for each point and a line in the order of x, `points` has
 * only the marks, and `curve` only the line, for values that are not measured.
 */
export type SeriesKind = "joined" | "points" | "curve";

/** A series of points. */
export interface PlotSeries {
  /** Name in the legend. */
  readonly name: string;
  /** Default: `joined`. */
  readonly kind?: SeriesKind;
  /** At least one. */
  readonly points: readonly PlotPoint[];
}

/** A picture: series over a common x axis. */
export interface Chart {
  readonly title: string;
  /** Sentences under the title, such as what the bars are (default: none). */
  readonly notes?: readonly string[];
  readonly x: Axis;
  readonly y: Axis;
  /** At least one, with different names. */
  readonly series: readonly PlotSeries[];
}

/** A picture that cannot be drawn; the message has the value and the reason. */
export class ChartError extends Error {
  override name = "ChartError";
}

/** Returns the title of an axis with its unit, such as `Throughput (requests/s)`; counts have none. */
export function axisText({ title, unit }: Axis): string {
  return unit === undefined || unit === "count" ? title : `${title} (${unit})`;
}

/**
 * Checks that a description can be drawn.
 *
 * @throws {ChartError} if the chart has no series, a series has no points or the name of another series,
 * a text is empty, or a value is not finite, not in its spread, or not above 0 on a logarithmic axis
 */
export function checkChart(chart: Chart): void {
  const fail = (why: string): never => {
    throw new ChartError(`Cannot draw "${chart.title}": ${why}`);
  };
  if (!chart.title.trim()) fail("it has no title");
  for (const name of ["x", "y"] as const) {
    const { title, unit } = chart[name];
    if (!title.trim() || unit?.trim() === "") fail(`its ${name} axis needs a title`);
  }
  if (chart.series.length === 0) fail("it has no series");
  const names = new Set<string>();
  for (const { name, points } of chart.series) {
    if (!name.trim()) fail("a series has no name");
    if (names.has(name)) fail(`two series are named "${name}"`);
    names.add(name);
    if (points.length === 0) fail(`series "${name}" has no points`);
    for (const point of points) {
      const why = problemOf(point, chart);
      if (why) fail(`${why} (series "${name}", x = ${point.x}, y = ${point.y})`);
    }
  }
}

/** Finds the reason why a point cannot be drawn; undefined if it can. */
function problemOf(point: PlotPoint, { x, y }: Chart): string | undefined {
  const { low, high } = spreadOf(point);
  const values: [axis: "x" | "y", scale: Scale, value: number][] = [
    ["x", x.scale, point.x],
    ["y", y.scale, point.y],
    ["y", y.scale, low],
    ["y", y.scale, high],
  ];
  for (const [axis, scale, value] of values) {
    if (!Number.isFinite(value)) return `values must be finite numbers, but one is ${value}`;
    if (scale === "log" && value <= 0) {
      return `its ${axis} axis is logarithmic, so values must be above 0, but one is ${value}`;
    }
  }
  if (low > point.y || high < point.y) return `y is not in its spread of ${low} to ${high}`;
  return undefined;
}

/** Returns the ends of the spread of a point; both are y without a spread. */
export function spreadOf({ y, low = y, high = y }: PlotPoint): { low: number; high: number } {
  return { low, high };
}
