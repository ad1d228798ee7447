/** Pictures: one figure of a series over its x. */
import type { Chart, PlotSeries } from "../../lib/plot/chart.ts";
import { spreadOf } from "../harness/summary.ts";
import { FIGURES, type ScalePoint } from "./figures.ts";
import type { Picture, Series } from "./series.ts";

/** The file name of a picture. */
export function pictureFile({ name }: Series, { figure }: Picture): string {
  return `scale-${name}-${figure}.svg`;
}

/**
 * Describes a picture.
 *
 * @returns undefined without any measurement
 */
export function pictureOf(
  { what, unit, scale, ...series }: Series,
  picture: Picture,
  measured: readonly ScalePoint[],
): Chart | undefined {
  const { title, unit: figureUnit, values } = FIGURES[picture.figure];
  const variants = new Set(series.points.map(({ variant }) => variant));
  const lines = Map.groupBy(
    measured.filter((point) => values(point).length > 0),
    ({ server, variant }) => variants.size > 1 ? `${server}, ${variant}` : server,
  );
  if (lines.size === 0) return undefined;
  return {
    title: picture.title,
    x: { title: what, unit, scale },
    y: { title, unit: figureUnit, scale: picture.scale },
    series: [...lines].map(([name, points]): PlotSeries => ({
      name,
      points: points.map((point) => {
        const { median, min, max } = spreadOf(values(point));
        return { x: point.x, y: median, low: min, high: max };
      }),
    })),
  };
}
