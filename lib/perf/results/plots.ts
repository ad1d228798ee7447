/**
 * The pictures of raw data. The drawing libraries are loaded with the first picture.
 *
 * A run has one: `latency` over percentiles, with a curve for each operation.
 *
 * A sweep has several, all by the number of clients: `throughput` of all clients and `per-client`, with
 * a series for each operation; then for each operation `throughput-OPERATION`, with the fit of the
 * Universal Scalability Law, and `latency-OPERATION`, with percentiles. Values are medians of the
 * repeats, with bars from the minimum to the maximum. Steps that the fit leaves out are a series of
 * their own.
 *
 * An operation that never succeeded has no latency, and is not in the pictures of latencies.
 */
import type { PlotForm } from "../../config/plot_file.ts";
import type { Axis, Chart, PlotPoint, PlotSeries } from "../../plot/description.ts";
import type { PercentileChart } from "../../plot/percentile_chart.ts";
import { LatencyHistogram } from "../measure/histogram.ts";
import type { RunData } from "./run_data.ts";
import { type RawData, type Series, seriesOf, stepsOf } from "./series.ts";
import { type Loop, type OperationData, opsPerSecond } from "../measure/stage_data.ts";
import { median } from "../analysis/statistics.ts";
import { clientsText } from "../analysis/sweep_step.ts";
import type { SweepData } from "./sweep_data.ts";
import type { UslFit } from "../analysis/usl_fit.ts";
import { uslThroughput } from "../analysis/usl_solver.ts";

/** The kind of latencies, by loop. */
const LATENCY_KIND: Readonly<Record<Loop, string>> = {
  closed: "service time",
  open: "response time from the intended start",
};

/** A picture. */
export type Plot =
  & {
    /** Part of the file name, such as `latency-insert`. */
    readonly name: string;
  }
  & (
    | { readonly kind: "chart"; readonly chart: Chart }
    | { readonly kind: "percentiles"; readonly chart: PercentileChart }
  );

/** Maximum number of clients on a linear axis, which shows true growth. More steps would overlap. */
const MAX_LINEAR_CLIENTS = 32;

/** Number of points of the law, so that it looks like a curve. */
const LAW_POINTS = 64;

/** Minimum ratio of throughputs for a logarithmic axis: a linear one would show the slower at zero. */
const MIN_LOG_RATIO = 10;

/** The percentiles in the pictures of a sweep. */
const PERCENTILES = [
  { name: "p50", value: ({ latency }: OperationData) => latency.p50Ms },
  { name: "p99", value: ({ latency }: OperationData) => latency.p99Ms },
  { name: "p99.9", value: ({ latency }: OperationData) => latency.p999Ms },
] as const;

/**
 * Describes all pictures; none if nothing was measured.
 *
 * @param subject what was measured, for the titles (default: the name of the server)
 */
export function plotsOf(data: RawData, subject = data.target): Plot[] {
  const origin = `${subject}, ${new Date(data.startedUnixMs).toISOString().slice(0, 10)}`;
  return data.format === "testperf run" ? runPlots(data, origin) : sweepPlots(data, origin);
}

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

function runPlots(data: RunData, origin: string): Plot[] {
  const all = seriesOf(data).flatMap(({ name, points }) =>
    points.flatMap(({ sums }) =>
      sums.map((sum) => ({ name, histogram: LatencyHistogram.from(sum.latency) }))
    )
  ).filter(({ histogram }) => histogram.percentileMs(0) > 0);
  if (all.length === 0) return [];
  return [{
    name: "latency",
    kind: "percentiles",
    chart: {
      title: `Latency with ${clientsText(data.settings.clients)} (${kindOf(data)})`,
      notes: [origin],
      y: { title: "ms" },
      series: all.map(({ name, histogram }) => ({
        name,
        count: histogram.count,
        valueAt: (percent) => histogram.percentileMs(percent),
      })),
    },
  }];
}

function sweepPlots(data: SweepData, origin: string): Plot[] {
  const all = seriesOf(data);
  if (all.length === 0) return [];
  const together = all.map((series) => ({ name: series.name, points: sumPoints(series) }));
  const single = all.map(({ name, points }) => ({
    name,
    points: points.map(({ clients, singles }) => point(clients, singles.map(opsPerSecond))),
  }));
  const notes = [origin, spreadNote(all)];
  const clientNotes = [origin, "Mark: median of all clients. Bar: slowest to fastest client."];
  return [
    throughputPlot("throughput", "Throughput of all clients together", together, notes),
    throughputPlot("per-client", "Throughput of each client", single, clientNotes),
    ...all.map((series) => operationPlot(series, data, notes)),
    ...all.flatMap((series) => latencyPlot(series, data, notes)),
  ];
}

/** Explains marks and bars. */
function spreadNote(all: readonly Series[]): string {
  const counts = all.flatMap(({ points }) => points.map(({ sums }) => sums.length));
  const [least, most] = [lowest(counts), highest(counts)];
  if (most === 1) return "Each mark is one round.";
  const rounds = least === most ? String(most) : `${least} to ${most}`;
  return `Mark: median of ${rounds} rounds. Bar: minimum to maximum.`;
}

function throughputPlot(
  name: string,
  title: string,
  series: readonly PlotSeries[],
  notes: readonly string[],
): Plot {
  const tops = series.map(({ points }) => highest(points.map(({ y }) => y)));
  const isWide = highest(tops) >= MIN_LOG_RATIO * lowest(tops);
  const isPositive = series.every(({ points }) => points.every(({ y, low = y }) => low > 0));
  return {
    name,
    kind: "chart",
    chart: {
      title,
      notes,
      x: clientsAxis(series),
      y: { title: "ops/s", scale: isWide && isPositive ? "log" : "linear" },
      series,
    },
  };
}

/** One operation, on axes of its own. */
function operationPlot(series: Series, data: SweepData, notes: readonly string[]): Plot {
  const { name } = series;
  const points = sumPoints(series);
  const usl = data.analysis[name]?.usl;
  if (usl === undefined || "why" in usl) {
    const measured = { name: "measured", points };
    return throughputPlot(`throughput-${name}`, `Throughput of ${name}`, [measured], notes);
  }
  const isLeftOut = ({ x }: PlotPoint) => usl.leftOutClients.includes(x);
  const kind = "points";
  const all: PlotSeries[] = [
    { name: "fit: Universal Scalability Law", kind: "curve", points: lawPoints(series, usl) },
    // The measured values are drawn last, on top.
    { name: "measured", kind, points: points.filter((point) => !isLeftOut(point)) },
    { name: "measured, not in the fit (superlinear)", kind, points: points.filter(isLeftOut) },
  ];
  const title = `Throughput of ${name}, all clients together`;
  const drawn = all.filter(({ points }) => points.length > 0);
  return throughputPlot(`throughput-${name}`, title, drawn, notes);
}

function latencyPlot(
  { name, points }: Series,
  data: SweepData,
  notes: readonly string[],
): Plot[] {
  const series = PERCENTILES.flatMap(({ name, value }): PlotSeries[] => {
    const measured = points.flatMap(({ clients, sums }) => {
      const values = sums.filter(({ ops }) => ops > 0).map(value).filter((ms) => ms > 0);
      return values.length === 0 ? [] : [point(clients, values)];
    });
    return measured.length === 0 ? [] : [{ name, points: measured }];
  });
  if (series.length === 0) return [];
  return [{
    name: `latency-${name}`,
    kind: "chart",
    chart: {
      title: `Latency of ${name} (${kindOf(data)})`,
      notes,
      x: clientsAxis(series),
      y: { title: "ms", scale: "log" },
      series,
    },
  }];
}

/** The law from the first to the last step, at even distances on a logarithmic axis. */
function lawPoints({ points }: Series, usl: UslFit): PlotPoint[] {
  const parameters = {
    lambda: usl.lambdaOpsPerSecond.value,
    sigma: usl.sigma.value,
    kappa: usl.kappa.value,
  };
  const steps = points.map(({ clients }) => clients);
  const [first, last] = [lowest(steps), highest(steps)];
  return Array.from({ length: LAW_POINTS }, (_, at) => {
    const x = first * (last / first) ** (at / (LAW_POINTS - 1));
    return { x, y: uslThroughput(parameters, x) };
  });
}

function sumPoints({ points }: Series): PlotPoint[] {
  return points.map(({ clients, sums }) => point(clients, sums.map(opsPerSecond)));
}

function point(x: number, values: readonly number[]): PlotPoint {
  return { x, y: median(values), low: lowest(values), high: highest(values) };
}

function clientsAxis(series: readonly PlotSeries[]): Axis {
  const max = highest(series.flatMap(({ points }) => points.map(({ x }) => x)));
  const scale = max <= MAX_LINEAR_CLIENTS ? "linear" : "log";
  return { title: "Clients", unit: "count", scale };
}

// Not Math.max(...values): the number of arguments of a call is limited.
function highest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}

function lowest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}

/** The kind of latencies of raw data. */
function kindOf(data: RawData): string {
  const loop = stepsOf(data)[0]?.repeats[0]?.[0]?.loop ?? "closed";
  return LATENCY_KIND[loop];
}
