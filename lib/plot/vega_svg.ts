/** The renderer of Vega-Lite descriptions. The libraries are loaded with the first picture. */
import type { TopLevelSpec } from "vega-lite";

/** Renders a description in the terms of Vega-Lite (https://vega.github.io/vega-lite/docs/) as SVG. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
