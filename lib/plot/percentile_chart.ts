/**
 * Draws latency over percentiles as SVG. The axis is that of HdrHistogram: each further nine (90%,
 * 99%, 99.9%...) is as far from the one before, since that is where latencies differ.
 */
import type { TopLevelSpec } from "vega-lite";
import { type Axis, axisText, type Chart, checkChart, type PlotPoint } from "./description.ts";
import { STYLE } from "./style.ts";
import { logTicks } from "./ticks.ts";

const WIDTH_PX = 560;
const HEIGHT_PX = 300;

/** Percentiles that are written on the axis, as far as the data goes, as one operation in so many. */
const TICKS = [1, 2, 4, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/** Of these, the ones at which a curve has its mark. */
const MARKED = TICKS.filter((tick) => tick !== 1);

/** One operation's latencies. */
export interface PercentileSeries {
  /** For the legend. */
  readonly name: string;
  /** Operations that it is of, at least one: no percentile is told that so few cannot show. */
  readonly count: number;
  /** The value that so many percent do not exceed; above 0, and finite. */
  readonly valueAt: (percent: number) => number;
}

/** A picture of several of them. */
export interface PercentileChart {
  readonly title: string;
  /** What the values are; its axis is logarithmic. */
  readonly y: Omit<Axis, "scale">;
  /** At least one; their names differ. */
  readonly series: readonly PercentileSeries[];
}

/** How fine a curve is: points for each power of ten. */
const POINTS_PER_DECADE = 24;

/**
 * Draws a chart.
 *
 * @returns SVG with texts in the reader's sans-serif font
 * @throws {ChartError} where it cannot be drawn as described
 */
export async function percentileSvg(chart: PercentileChart): Promise<string> {
  const points = percentilePoints(chart);
  checkChart(points);
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new vega.View(vega.parse(vegaLite.compile(chartSpec(chart, points)).spec), {
    renderer: "none",
  });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

/** The same as any other chart, to be checked as one: x is one operation in so many. */
function percentilePoints({ title, y, series }: PercentileChart): Chart {
  return {
    title,
    x: { title: "Share of operations that take no longer", unit: "%", scale: "log" },
    y: { ...y, scale: "log" },
    series: series.map(({ name, count, valueAt }) => ({
      name,
      points: percentileSteps(count).map((x): PlotPoint => ({
        x,
        // The last of all is the slowest, which is not within any percent but all.
        y: valueAt(x === count ? 100 : 100 * (1 - 1 / x)),
      })),
    })),
  };
}

/** From all operations to the slowest one alone. */
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
  const most = chart.series.reduce((end, { count }) => Math.max(end, count), 10);
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
    scale: { type: "log" as const, domain: [1, most], nice: false },
    axis: {
      title: axisText(x),
      values: TICKS.filter((tick) => tick <= most),
      // 1 - 1/1000 is not exactly 0.999: as many digits as it has nines.
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
    title,
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

/** As many as there are names; from the beginning again where there are more names. */
function cycle<T>(choices: readonly T[], names: readonly string[]): T[] {
  return names.flatMap((_, at) => choices.slice(at % choices.length).slice(0, 1));
}
