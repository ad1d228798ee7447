/** What was measured as the work grew, as tables, and as the documents and pictures that show it. */
import { chartSvg } from "../../lib/plot/chart.ts";
import { spreadOf, spreadText } from "../harness/summary.ts";
import { withPart } from "../harness/generated_sections.ts";
import { type Machine, machineText } from "../harness/machine.ts";
import { asMarkdown, type Table } from "../peers/tables.ts";
import { FIGURES, type ScalePoint } from "./figures.ts";
import { pictureFile, pictureOf } from "./pictures.ts";
import { SERIES, type Series } from "./series.ts";

const DOCS = new URL("../../docs/", import.meta.url).pathname;
const DOCUMENT = `${DOCS}PERFORMANCE.md`;
const PICTURES = "data/scale";

/** The raw data: all that a run found. */
export const RAW = `${DOCS}data/scale/scale.json`;

/** What is in it. */
export interface Findings {
  readonly machine: Machine;
  readonly seed: number;
  /** Of the whole run. */
  readonly tookS: number;
  readonly points: readonly ScalePoint[];
}

/** One series, for people: the median of the rounds, and the least and the most. */
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

/** The points of one series, those of one server and load together. */
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

/** Rewrites the figures of docs/PERFORMANCE.md and the pictures beside it. */
export async function writeDocuments({ machine, tookS, points }: Findings): Promise<void> {
  let document = withPart(
    Deno.readTextFileSync(DOCUMENT),
    "scale machine",
    `${machineText(machine)} The whole run took ${tookS.toFixed(0)} s. ${quietText(points)}`,
  );
  Deno.mkdirSync(DOCS + PICTURES, { recursive: true });
  for (const series of SERIES) {
    const measured = pointsOf(series, points);
    const parts: string[] = [];
    for (const picture of series.pictures) {
      const chart = pictureOf(series, picture, measured);
      if (!chart) continue;
      const file = `${PICTURES}/${pictureFile(series, picture)}`;
      Deno.writeTextFileSync(DOCS + file, await chartSvg(chart));
      parts.push(`![${chart.title}: ${chart.y.title} over ${chart.x.title}](${file})`);
    }
    const table = asMarkdown(scaleTable(series, measured));
    parts.push(`<details><summary>The figures</summary>\n\n${table}\n\n</details>`);
    document = withPart(document, `scale ${series.name}`, parts.join("\n\n"));
  }
  Deno.writeTextFileSync(DOCUMENT, document);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", DOCUMENT] }).output();
}

/** How much of their core the servers had where they had something to do all the time. */
function quietText(points: readonly ScalePoint[]): string {
  const shares = points.filter(({ series }) => series === "in-flight" || series === "keys")
    .flatMap(({ serverCpu }) => serverCpu);
  const { median, min } = spreadOf(shares);
  return `With 50 connections and many requests in flight, where servers are never without work, ` +
    `they had ${percent(median)} of their core (median; the least was ${percent(min)}): ` +
    `what is missing to 100% went to others on this machine.`;
}

/** Keeps all that was measured. */
export async function writeRaw(findings: Findings): Promise<void> {
  Deno.writeTextFileSync(RAW, JSON.stringify(findings, undefined, 1) + "\n");
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", RAW] }).output();
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)}%`;
}

/** As in `10,000`. */
function withCommas(count: number): string {
  return count.toLocaleString("en-US");
}
