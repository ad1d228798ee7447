/**
 * All that draws, as one module to import when there is something to draw: the build packs it, with
 * the libraries behind it, so that a start without pictures does not read it (tools/build/bundle.ts).
 */
export { chartSvg } from "./chart.ts";
export { percentileSvg } from "./percentile_chart.ts";
export { renderPng } from "./png.ts";
