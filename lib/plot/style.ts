/** How pictures look: told apart in colour, in grey, and by those who see few colours. */

/** From Okabe and Ito, https://jfly.uni-koeln.de/color/, dark enough on white. */
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#8A6D00"];

/** Of Vega, https://vega.github.io/vega/docs/marks/symbol/. */
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];

/** Pixels drawn and left out by turns. */
const DASHES = [[1, 0], [7, 3], [2, 3], [10, 3, 2, 3], [5, 5], [12, 4]];

const FONT = "sans-serif"; // whichever the reader has; png.ts brings its own
const INK = "#222";
const GRID = "#ddd";

/** Colours, marks and dashes in the order of the series, and all else that Vega-Lite is told. */
export const STYLE = {
  colors: COLORS,
  shapes: SHAPES,
  dashes: DASHES,
  config: {
    font: FONT,
    view: { stroke: null },
    title: { fontSize: 15, fontWeight: "normal", color: INK, anchor: "start", offset: 14 },
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
    // Above the axis: there it is read without turning the head, and has room.
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
