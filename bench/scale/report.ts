/** The tables, pictures and documents of the series. */
import { type Chart, chartSvg, type PlotSeries } from "../../lib/plot/chart.ts";
import { spreadOf, spreadText } from "../harness/summary.ts";
import { writeSections } from "../harness/generated_sections.ts";
import { type Machine, machineText } from "../harness/machine.ts";
import { TOP } from "../harness/program.ts";
import { asMarkdown, percent, type Table, withCommas } from "../harness/tables.ts";
import { FIGURES, type ScalePoint } from "./figures.ts";
import { type Picture, SERIES, type Series } from "./series.ts";

const DOCS = `${TOP}docs/`;
const DOCUMENT = `${DOCS}PERFORMANCE.md`;
const PICTURES = "data/scale";

/** The raw data of a run. */
export const RAW = `${DOCS}data/scale/scale.json`;

/** The measurements of a run. */
export interface Findings {
  readonly machine: Machine;
  readonly seed: number;
  /** The length of the whole run, in seconds. */
  readonly tookS: number;
  readonly points: readonly ScalePoint[];
}

/** The table of a series: the median of the rounds, the least and the most. */
export function scaleTable({ what, unit }: Series, measured: readonly ScalePoint[]): Table {
  // deno-fmt-ignore
  const heading = [
    "server", "load", unit === "count" ? what.toLowerCase() : `${what.toLowerCase()}, ${unit}`,
    "1,000 requests/s", "p50, ms", "p99, ms", "rounds", "server's core", "1,000 requests/s of it",
    "generator's core", "memory, MB",
  ];
  const rows = measured.map((point) => {
    const head = [point.server, point.variant, withCommas(point.x)];
    if (point.perSecond.length === 0) {
      return [...head, point.problem ?? "", ...heading.slice(head.length + 1).map(() => "")];
    }
    const median = (values: readonly number[]) => spreadOf(values).median;
    return [
      ...head,
      spreadText(FIGURES.throughput.values(point), 1),
      (median(point.p50Us) / 1e3).toFixed(3),
      spreadText(FIGURES.p99.values(point), 2),
      `${point.perSecond.length}${point.problem ? `: ${point.problem}` : ""}`,
      percent(median(point.serverCpu)),
      spreadText(FIGURES.byCpu.values(point), 1),
      percent(median(point.loadBusy)),
      median(FIGURES.memory.values(point)).toFixed(0),
    ];
  });
  return { heading, rows, words: 2 };
}

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

/** The points of one series, grouped by server and load. */
export function pointsOf({ name, points }: Series, all: readonly ScalePoint[]): ScalePoint[] {
  const lines = Map.groupBy(
    all.filter(({ series }) => series === name),
    ({ server, variant }) => JSON.stringify([server, variant]),
  );
  const order = points.flatMap(({ servers, variant }) =>
    servers.map((server) => JSON.stringify([server, variant]))
  );
  return [...new Set(order)].flatMap((line) => lines.get(line) ?? []);
}

/** Rewrites the figures of docs/PERFORMANCE.md and its pictures. */
export async function writeDocuments({ machine, tookS, points }: Findings): Promise<void> {
  const about = `${machineText(machine)} The whole run took ${tookS.toFixed(0)} s.`;
  const sections: Record<string, string> = { "scale machine": `${about} ${quietText(points)}` };
  await Deno.mkdir(DOCS + PICTURES, { recursive: true });
  for (const series of SERIES) {
    const measured = pointsOf(series, points);
    const parts: string[] = [];
    for (const picture of series.pictures) {
      const chart = pictureOf(series, picture, measured);
      if (!chart) continue;
      const file = `${PICTURES}/${pictureFile(series, picture)}`;
      await Deno.writeTextFile(DOCS + file, await chartSvg(chart));
      parts.push(`![${chart.title}: ${chart.y.title} over ${chart.x.title}](${file})`);
    }
    const table = asMarkdown(scaleTable(series, measured));
    parts.push(`<details><summary>The figures</summary>\n\n${table}\n\n</details>`);
    sections[`scale ${series.name}`] = parts.join("\n\n");
  }
  await writeSections(DOCUMENT, sections);
}

/** The processor share of the servers while they always had work. */
function quietText(points: readonly ScalePoint[]): string {
  const shares = points.filter(({ series }) => series === "in-flight" || series === "keys")
    .flatMap(({ serverCpu }) => serverCpu);
  const { median, min } = spreadOf(shares);
  return `With 50 connections and many requests in flight, when a server always has work, the ` +
    `servers had ${percent(median)} of their core (median; the least was ${percent(min)}). Other ` +
    `programs on the machine had the rest.`;
}

/** Writes all measurements. */
export async function writeRaw(findings: Findings): Promise<void> {
  await Deno.writeTextFile(RAW, JSON.stringify(findings, undefined, 1) + "\n");
}
