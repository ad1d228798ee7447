/** The style of pictures. Series can be distinguished in color, in gray, and with color blindness. */

/** Colors of Okabe and Ito, https://jfly.uni-koeln.de/color/, dark enough on white. */
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#8A6D00"];

/** Symbols of Vega, https://vega.github.io/vega/docs/marks/symbol/. */
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];

/** Lengths of dashes and gaps, in pixels. */
const DASHES = [[1, 0], [7, 3], [2, 3], [10, 3, 2, 3], [5, 5], [12, 4]];

const FONT = "sans-serif"; // any font of the reader; png.ts has its own
const INK = "#222";
const GRID = "#ddd";

/** Colors, marks and dashes in the order of the series, and the configuration of Vega-Lite. */
export const STYLE = {
  colors: COLORS,
  shapes: SHAPES,
  dashes: DASHES,
  config: {
    font: FONT,
    view: { stroke: null },
    title: {
      fontSize: 15,
      fontWeight: "normal",
      color: INK,
      anchor: "start",
      offset: 14,
      subtitleFontSize: 12,
      subtitleColor: INK,
      subtitlePadding: 6,
      subtitleLineHeight: 16,
    },
    axis: {
      labelFontSize: 12,
      titleFontSize: 13,
      titleFontWeight: "normal",
      labelColor: INK,
      titleColor: INK,
      gridColor: GRID,
      domainColor: INK,
      tickColor: INK,
      titlePadding: 8,
      labelFlush: false,
    },
    // The title is horizontal above the axis, because it has more room there.
    axisY: { titleAngle: 0, titleAlign: "left", titleBaseline: "bottom", titleX: 0, titleY: -10 },
    legend: {
      orient: "bottom",
      direction: "horizontal",
      labelFontSize: 12,
      labelColor: INK,
      labelLimit: 400,
      symbolSize: 120,
      symbolStrokeWidth: 1.6,
      columnPadding: 18,
    },
  },
} as const;

/** Returns one choice for each series; after the last choice, the first follows again. */
export function cycle<T>(choices: readonly T[], series: readonly unknown[]): T[] {
  return series.flatMap((_, at) => choices.slice(at % choices.length).slice(0, 1));
}
