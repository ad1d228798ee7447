/** The SVG of a chart. The drawing library is loaded with the first chart. */
import type { TopLevelSpec } from "vega-lite";
import { type Axis, axisText, type Chart, checkChart, spreadOf } from "./description.ts";
import { cycle, STYLE } from "./style.ts";
import { logTicks } from "./ticks.ts";
import { renderSvg } from "./vega_svg.ts";

export { type Axis, type Chart, ChartError } from "./description.ts";
export type { PlotPoint, PlotSeries, Scale } from "./description.ts";

const WIDTH_PX = 560;
const HEIGHT_PX = 300;

/** Maximum number of characters of a line of the title. */
const TITLE_CHARS = 48;

/** Maximum number of points with a mark in a series: more marks would hide the line. */
const MAX_MARKS = 30;

/** Width of a letter of the legend, by the estimate of the library, and of the mark with its space. */
const LEGEND_CHAR_PX = 9.6;
const LEGEND_MARK_PX = 40;

/** Numbers from 1000 are short, such as 20k. Smaller ones are written out: "1m" could mean milli. */
const NUMBER_TEXT =
  "abs(datum.value) >= 1000 ? format(datum.value, '~s') : format(datum.value, '~g')";

/** One point of a series in the form of the drawing library. */
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
 * Draws a chart: a line with marks for each series, bars from minimum to maximum for points with a
 * spread, titles with units on both axes, and a legend. Series differ in color, dashes and marks, so
 * that a print in black and white is readable. The same description has the same result.
 *
 * @returns SVG with texts in the sans-serif font of the reader
 * @throws {ChartError} if the description is not valid
 */
export async function chartSvg(chart: Chart): Promise<string> {
  checkChart(chart);
  return await renderSvg(chartSpec(chart));
}

/** The chart in the terms of Vega-Lite, https://vega.github.io/vega-lite/docs/. */
function chartSpec(chart: Chart): TopLevelSpec {
  const { title, series } = chart;
  const rows = rowsOf(chart);
  const names = series.map(({ name }) => name);
  // Color and shape share one legend, because their field, title and order are the same.
  const legend = { columns: legendColumns(names) };
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
    width: WIDTH_PX,
    height: HEIGHT_PX,
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
      // With a channel for dashes, marks in the legend would be dashed, too, and hard to recognize.
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

/** Title, scale and ticks of an axis for the given values. */
function axisSpec(axis: Axis, values: readonly number[]) {
  const title = axisText(axis);
  const labels = { title, labelExpr: NUMBER_TEXT };
  if (axis.scale === "linear") {
    // Counts are whole numbers.
    const whole = axis.unit === "count" ? { tickMinStep: 1 } : {};
    const scale = { type: "linear", zero: true, nice: true } as const;
    return { title, scale, axis: { ...labels, ...whole } } as const;
  }
  // Not Math.min(...values): the number of arguments of a call is limited.
  const min = values.reduce((a, b) => Math.min(a, b));
  const max = values.reduce((a, b) => Math.max(a, b));
  const ticks = logTicks(min, max);
  const scale = { type: "log" as const, domain: [...ticks.domain], nice: false };
  return { title, scale, axis: { ...labels, values: [...ticks.values] } };
}

/** Number of columns that makes the legend about as wide as the picture. */
function legendColumns(names: readonly string[]): number {
  const longest = Math.max(...names.map(({ length }) => length));
  return Math.max(1, Math.round(WIDTH_PX / (longest * LEGEND_CHAR_PX + LEGEND_MARK_PX)));
}

/**
 * Breaks a title into lines. Without a canvas, the library estimates the width of texts. Its estimate
 * for a long line is too large, and would add an empty margin to the picture.
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
