/** The SVG of a chart. The drawing library is loaded with the first chart. */
import type { TopLevelSpec } from "vega-lite";
import { wrap } from "../base/wrap.ts";
import {
  type Axis,
  axisText,
  type Chart,
  checkChart,
  type SeriesKind,
  spreadOf,
} from "./description.ts";
import { cycle, STYLE } from "./style.ts";
import { logTicks } from "./ticks.ts";
import { renderSvg } from "./vega_svg.ts";

export { type Axis, type Chart, ChartError } from "./description.ts";
export type { PlotPoint, PlotSeries, Scale } from "./description.ts";

const WIDTH_PX = 560;
const HEIGHT_PX = 300;

/** Maximum number of characters of a line of the title, and of the notes, which are smaller. */
const TITLE_CHARS = 48;
const NOTE_CHARS = 72;

/** Distance of the marks of two series with the same x, so that their bars do not hide each other. */
const SERIES_GAP_PX = 4;

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

/** The style of a series. */
interface SeriesStyle {
  readonly name: string;
  readonly kind: SeriesKind;
  readonly color: string;
  /** A curve has a short line in the legend, in place of a mark. */
  readonly shape: string;
  readonly dash: number[];
  readonly xOffset: number;
}

/**
 * Draws a chart: lines and marks of each series by its kind, bars from minimum to maximum for points
 * with a spread, titles of both axes, and a legend. Series differ in color, dashes and marks, so that a
 * print in black and white is readable. Measured series are drawn side by side, a few pixels from their
 * x. The same description has the same result.
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
  const { title, notes = [] } = chart;
  const rows = rowsOf(chart);
  const styles = stylesOf(chart);
  const names = styles.map(({ name }) => name);
  // Color and shape share one legend, because their field, title and order are the same.
  const legend = { columns: legendColumns(names) };
  const seriesField = { field: "series", type: "nominal", title: null, legend } as const;
  const colors = styles.map(({ color }) => color);
  const shapes = styles.map(({ shape }) => shape);
  const color = { ...seriesField, scale: { domain: names, range: colors } };
  const shape = { ...seriesField, scale: { domain: names, range: shapes } };
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
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${title}: ${axisText(chart.y)} over ${axisText(chart.x)}`,
    title: {
      text: linesOf(title, TITLE_CHARS),
      subtitle: notes.flatMap((note) => linesOf(note, NOTE_CHARS)),
    },
    width: WIDTH_PX,
    height: HEIGHT_PX,
    background: "white",
    data: { values: rows },
    layer: styles.flatMap(({ name, kind, dash, xOffset }) => {
      const ofSeries = { field: "series", equal: name };
      const spread = [{ filter: ofSeries }, { filter: "datum.hasSpread" }];
      const mark = { type: "point", strokeWidth: 1.2, size: 50, opacity: 1, xOffset } as const;
      return [
        {
          transform: spread,
          mark: { type: "rule", strokeWidth: 1.2, xOffset } as const,
          encoding: { x, y: { field: "low", ...vertical }, y2: { field: "high" }, color },
        },
        ...(["low", "high"] as const).map((field) => ({
          transform: spread,
          mark: { ...mark, shape: "stroke" },
          encoding: { x, y: { field, ...vertical }, color },
        })),
        // With a channel for dashes, marks in the legend would be dashed, too, and hard to recognize.
        ...(kind === "points" ? [] : [{
          transform: [{ filter: ofSeries }],
          mark: { type: "line", strokeWidth: 1.6, strokeDash: dash, xOffset } as const,
          encoding: { x, y, color },
        }]),
        {
          transform: [{ filter: ofSeries }, { filter: "datum.isMarked" }],
          mark: { ...mark, filled: false, fill: "white", strokeWidth: 1.6 },
          encoding: { x, y, color, shape },
        },
      ];
    }),
    config: STYLE.config,
  };
}

/** A choice of each style for each series, and its place beside the others. */
function stylesOf({ series }: Chart): SeriesStyle[] {
  const colors = cycle(STYLE.colors, series);
  const shapes = cycle(STYLE.shapes, series);
  const dashes = cycle(STYLE.dashes, series);
  const joined = series.filter(({ kind = "joined" }) => kind === "joined");
  return series.map((one, at) => {
    const { name, kind = "joined" } = one;
    const place = joined.indexOf(one);
    return {
      name,
      kind,
      color: colors[at] ?? "",
      shape: kind === "curve" ? "stroke" : shapes[at] ?? "",
      dash: kind === "curve" ? [1, 0] : dashes[at] ?? [],
      xOffset: place < 0 ? 0 : (place - (joined.length - 1) / 2) * SERIES_GAP_PX,
    };
  });
}

function rowsOf({ series }: Chart): Row[] {
  return series.flatMap(({ name, kind, points }) => {
    const every = Math.ceil(points.length / MAX_MARKS);
    return points.toSorted((a, b) => a.x - b.x).map((point, at) => {
      const { low, high } = spreadOf(point);
      const { x, y } = point;
      const isMarked = kind !== "curve" && at % every === 0;
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
 * Breaks a text into lines. Without a canvas, the library estimates the width of texts. Its estimate for
 * a long line is too large, and would add an empty margin to the picture.
 */
function linesOf(text: string, maxChars: number): string[] {
  return wrap(text, maxChars).split("\n");
}
