/**
 * The SVG of latencies over percentiles. The axis is that of HdrHistogram: each further nine (90%, 99%,
 * 99.9%, ...) has the same distance from the one before, because latencies differ there.
 */
import type { TopLevelSpec } from "vega-lite";
import { type Axis, axisText, type Chart, checkChart, type PlotPoint } from "./description.ts";
import { cycle, STYLE } from "./style.ts";
import { logTicks } from "./ticks.ts";
import { renderSvg } from "./vega_svg.ts";

const WIDTH_PX = 560;
const HEIGHT_PX = 300;

/** Ticks of the axis, as one operation in N: 10 is 90%, 100 is 99%. */
const TICKS = [1, 2, 4, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/** The ticks at which curves have a mark. */
const MARKED = TICKS.filter((tick) => tick !== 1);

/** The latencies of one operation. */
interface PercentileSeries {
  /** For the legend. */
  readonly name: string;
  /** Number of operations, at least one. Percentiles that need more operations are not drawn. */
  readonly count: number;
  /** The value that `percent` of the operations do not exceed; above 0, and finite. */
  readonly valueAt: (percent: number) => number;
}

/** A chart of several operations. */
export interface PercentileChart {
  readonly title: string;
  /** Sentences under the title (default: none). */
  readonly notes?: readonly string[];
  /** The axis of the values, which is logarithmic. */
  readonly y: Omit<Axis, "scale">;
  /** At least one, with different names. */
  readonly series: readonly PercentileSeries[];
}

/** Points of a curve for each power of ten. */
const POINTS_PER_DECADE = 24;

/**
 * Draws a chart.
 *
 * @returns SVG with texts in the sans-serif font of the reader
 * @throws {ChartError} if the description is not valid
 */
export async function percentileSvg(chart: PercentileChart): Promise<string> {
  const points = percentilePoints(chart);
  checkChart(points);
  return await renderSvg(chartSpec(chart, points));
}

/** Converts the chart to a `Chart`, which `checkChart` can check: x is one operation in N. */
function percentilePoints({ title, y, series }: PercentileChart): Chart {
  return {
    title,
    x: { title: "Share of operations that take no longer", unit: "%", scale: "log" },
    y: { ...y, scale: "log" },
    series: series.map(({ name, count, valueAt }) => ({
      name,
      points: percentileSteps(count).map((x): PlotPoint => ({
        x,
        // The slowest operation is only within 100%.
        y: valueAt(x === count ? 100 : 100 * (1 - 1 / x)),
      })),
    })),
  };
}

/** The steps of x, from all operations to only the slowest one. */
function percentileSteps(count: number): number[] {
  const steps = Math.floor(Math.log10(count) * POINTS_PER_DECADE);
  const even = Array.from({ length: steps + 1 }, (_, at) => 10 ** (at / POINTS_PER_DECADE));
  const all = new Set([...even, ...MARKED.filter((tick) => tick <= count), count]);
  return [...all].toSorted((a, b) => a - b);
}

/** The chart in the terms of Vega-Lite, https://vega.github.io/vega-lite/docs/. */
function chartSpec(chart: PercentileChart, { title, x, y, series }: Chart): TopLevelSpec {
  const rows = series.flatMap(({ name, points }) =>
    points.map((point) => ({
      series: name,
      x: point.x,
      y: point.y,
      isMarked: MARKED.includes(point.x),
    }))
  );
  const names = series.map(({ name }) => name);
  const max = chart.series.reduce((end, { count }) => Math.max(end, count), 10);
  const values = rows.map((row) => row.y);
  const ticks = logTicks(
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
  );
  const seriesField = { field: "series", type: "nominal", title: null } as const;
  const color = { ...seriesField, scale: { domain: names, range: cycle(STYLE.colors, names) } };
  const shape = { ...seriesField, scale: { domain: names, range: cycle(STYLE.shapes, names) } };
  const dashes = cycle(STYLE.dashes, names);
  const horizontal = {
    field: "x",
    type: "quantitative" as const,
    scale: { type: "log" as const, domain: [1, max], nice: false },
    axis: {
      title: axisText(x),
      values: TICKS.filter((tick) => tick <= max),
      // 1 - 1/1000 is not exactly 0.999, so the number of digits is limited.
      labelExpr: "format(100 - 100 / datum.value, '.12~g')",
    },
  };
  const vertical = {
    field: "y",
    type: "quantitative" as const,
    scale: { type: "log" as const, domain: [...ticks.domain], nice: false },
    axis: {
      title: axisText(y),
      values: [...ticks.values],
      labelExpr: "format(datum.value, '~r')",
    },
  };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${title}: ${axisText(y)} over ${axisText(x)}`,
    title: { text: title, subtitle: [...chart.notes ?? []] },
    width: WIDTH_PX,
    height: HEIGHT_PX,
    background: "white",
    data: { values: rows },
    layer: [
      ...names.map((name, at) => ({
        transform: [{ filter: { field: "series", equal: name } }],
        mark: { type: "line", strokeWidth: 1.6, strokeDash: dashes[at] ?? [1, 0] } as const,
        encoding: { x: horizontal, y: vertical, color },
      })),
      {
        transform: [{ filter: "datum.isMarked" }],
        mark: {
          type: "point",
          filled: false,
          fill: "white",
          size: 50,
          strokeWidth: 1.6,
          opacity: 1,
        },
        encoding: { x: horizontal, y: vertical, color, shape },
      },
    ],
    config: STYLE.config,
  };
}
