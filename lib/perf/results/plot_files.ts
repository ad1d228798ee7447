/** The files of pictures. The drawing libraries are loaded with the first picture. */
import type { PlotForm } from "../../config/plot_file.ts";
import type { Plot } from "./plots.ts";

/**
 * Names the file of each picture. A single picture has the given name. Several have their own names
 * before the ending, as in `results-throughput.svg` for `results.svg`.
 */
export function plotFileNames(file: string, plots: readonly Plot[]): string[] {
  if (plots.length === 1) return [file];
  const dot = file.lastIndexOf(".");
  return plots.map(({ name }) => `${file.slice(0, dot)}-${name}${file.slice(dot)}`);
}

/** Draws a picture. @returns the content of its file */
export async function drawPlot(plot: Plot, form: PlotForm): Promise<Uint8Array> {
  const { chartSvg, percentileSvg, renderPng } = await import("../../plot/drawing.ts");
  const svg = plot.kind === "chart" ? await chartSvg(plot.chart) : await percentileSvg(plot.chart);
  return form === "svg" ? new TextEncoder().encode(svg) : await renderPng(svg);
}
