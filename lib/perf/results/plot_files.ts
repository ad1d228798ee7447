/** Draws pictures into files; the drawing libraries are loaded only when there is something to draw. */
import type { PlotForm } from "../../config/plot_file.ts";
import type { Plot } from "./plots.ts";

/**
 * The file of each picture: a single one goes into the file that was asked for; several have their
 * names before its ending, as in `results-throughput.svg` for `results.svg`.
 */
export function plotFileNames(file: string, plots: readonly Plot[]): string[] {
  if (plots.length === 1) return [file];
  const dot = file.lastIndexOf(".");
  return plots.map(({ name }) => `${file.slice(0, dot)}-${name}${file.slice(dot)}`);
}

/** The content of a picture's file. */
export async function drawPlot(plot: Plot, form: PlotForm): Promise<Uint8Array> {
  const { chartSvg, percentileSvg, renderPng } = await import("../../plot/drawing.ts");
  const svg = plot.kind === "chart" ? await chartSvg(plot.chart) : await percentileSvg(plot.chart);
  return form === "svg" ? new TextEncoder().encode(svg) : await renderPng(svg);
}
