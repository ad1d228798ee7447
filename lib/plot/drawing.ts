/**
 * All drawing functions in one module, which is imported with the first picture. The build packs it
 * with its libraries, so that a start without pictures does not read them (tools/build/bundle.ts).
 */
export { chartSvg } from "./chart.ts";
export { percentileSvg } from "./percentile_chart.ts";
export { renderPng } from "./png.ts";
