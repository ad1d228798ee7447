/** Draws a picture as SVG. The drawing library is loaded when the first one is asked for. */
import type { TopLevelSpec } from "vega-lite";
import { type Axis, axisText, type Chart, checkChart, spreadOf } from "./description.ts";
import { STYLE } from "./style.ts";
import { logTicks } from "./ticks.ts";

export { type Axis, type Chart, ChartError } from "./description.ts";
export type { PlotPoint, PlotSeries, Scale } from "./description.ts";

const WIDTH_PX = 560;
const HEIGHT_PX = 300;

/** Most characters of a line of the title. */
const TITLE_CHARS = 48;

/** Of a series with more points than this only so many have a mark, or marks would hide the line. */
const MAX_MARKS = 30;

/** What the library takes a letter of the legend to be wide, and the mark and the space beside it. */
const LEGEND_CHAR_PX = 9.6;
const LEGEND_MARK_PX = 40;

/** Thousands and more are short, as in 20k; less is written out: 0.001 is no "1m" that means milli. */
const NUMBER_TEXT =
  "abs(datum.value) >= 1000 ? format(datum.value, '~s') : format(datum.value, '~g')";

/** One point of a series, as the drawing library takes it. */
interface Row {
  readonly series: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
  readonly isMarked: boolean;
  readonly hasSpread: boolean;
}

/**
 * Draws a chart: a line with marks for each series, bars from least to most where a point has a
 * spread, titles with units on both axes, and a legend. Series differ in colour, dashes and marks,
 * so that black and white will do. The same description gives the same text.
 *
 * @returns SVG with texts in the reader's sans-serif font
 * @throws {ChartError} where it cannot be drawn as described
 */
export async function chartSvg(chart: Chart): Promise<string> {
  checkChart(chart);
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new vega.View(vega.parse(vegaLite.compile(chartSpec(chart)).spec), {
    renderer: "none",
  });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

/** The chart in the terms of Vega-Lite, https://vega.github.io/vega-lite/docs/. */
function chartSpec(chart: Chart): TopLevelSpec {
  const { title, series, widthPx = WIDTH_PX, heightPx = HEIGHT_PX } = chart;
  const rows = rowsOf(chart);
  const names = series.map(({ name }) => name);
  // Both share one legend: same field, title and order.
  const legend = { columns: legendColumns(names, widthPx) };
  const seriesField = { field: "series", type: "nominal", title: null, legend } as const;
  const color = { ...seriesField, scale: { domain: names, range: cycle(STYLE.colors, names) } };
  const shape = { ...seriesField, scale: { domain: names, range: cycle(STYLE.shapes, names) } };
  const dashes = cycle(STYLE.dashes, names);
  const x = {
    field: "x",
    type: "quantitative",
    ...axisSpec(chart.x, rows.map((row) => row.x)),
  } as const;
  const vertical = {
    type: "quantitative",
    ...axisSpec(chart.y, rows.flatMap(({ low, high }) => [low, high])),
  } as const;
  const y = { field: "y", ...vertical } as const;
  const spread = { filter: "datum.hasSpread" } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${title}: ${axisText(chart.y)} over ${axisText(chart.x)}`,
    title: titleLines(title),
    width: widthPx,
    height: heightPx,
    background: "white",
    data: { values: rows },
    layer: [
      {
        transform: [spread],
        mark: { type: "rule", strokeWidth: 1.2 },
        encoding: { x, y: { field: "low", ...vertical }, y2: { field: "high" }, color },
      },
      ...(["low", "high"] as const).map((field) => ({
        transform: [spread],
        mark: { type: "point", shape: "stroke", size: 50, strokeWidth: 1.2, opacity: 1 } as const,
        encoding: { x, y: { field, ...vertical }, color },
      })),
      // Not by a channel: the legend would have it, too, and dashed marks cannot be recognised.
      ...names.map((name, at) => ({
        transform: [{ filter: { field: "series", equal: name } }],
        mark: { type: "line", strokeWidth: 1.6, strokeDash: dashes[at] ?? [1, 0] } as const,
        encoding: { x, y, color },
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
        encoding: { x, y, color, shape },
      },
    ],
    config: STYLE.config,
  };
}

function rowsOf({ series }: Chart): Row[] {
  return series.flatMap(({ name, points }) => {
    const every = Math.ceil(points.length / MAX_MARKS);
    return points.toSorted((a, b) => a.x - b.x).map((point, at) => {
      const { low, high } = spreadOf(point);
      const { x, y } = point;
      const isMarked = at % every === 0;
      return { series: name, x, y, low, high, isMarked, hasSpread: low < high };
    });
  });
}

/** Title, scale and ticks of an axis that has room for all these values. */
function axisSpec(axis: Axis, values: readonly number[]) {
  const title = axisText(axis);
  const labels = { title, labelExpr: NUMBER_TEXT };
  if (axis.scale === "linear") {
    // What is counted comes in whole numbers.
    const whole = axis.unit === "count" ? { tickMinStep: 1 } : {};
    const scale = { type: "linear", zero: true, nice: true } as const;
    return { title, scale, axis: { ...labels, ...whole } } as const;
  }
  // Not Math.min(...values): that many arguments may be too many.
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const ticks = logTicks(least, most);
  const scale = { type: "log" as const, domain: [...ticks.domain], nice: false };
  return { title, scale, axis: { ...labels, values: [...ticks.values] } };
}

/** So many that the legend is about as wide as the picture. */
function legendColumns(names: readonly string[], widthPx: number): number {
  const longest = Math.max(...names.map(({ length }) => length));
  return Math.max(1, Math.round(widthPx / (longest * LEGEND_CHAR_PX + LEGEND_MARK_PX)));
}

/** As many as there are names; from the beginning again where there are more names. */
function cycle<T>(choices: readonly T[], names: readonly string[]): T[] {
  return names.flatMap((_, at) => choices.slice(at % choices.length).slice(0, 1));
}

/**
 * Where a title breaks. Without a canvas the width of a text is guessed, and a long line is guessed to be
 * so long that the picture has an empty margin for it.
 */
function titleLines(title: string): string[] {
  const lines: string[] = [];
  for (const word of title.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= TITLE_CHARS) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
