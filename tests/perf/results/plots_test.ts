/** Proves that every series, figure and unit of the raw data is in the pictures. */
import assert from "assert";
import { drawPlot, type Plot, plotFileNames, plotsOf } from "../../../lib/perf/results/plots.ts";
import type { Chart, PlotPoint } from "../../../lib/plot/description.ts";
import { failedStage, levelSweep, runWith, stageOf, stepsWith, sweepWith } from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("plots");

function chartOf(plots: readonly Plot[], name: string): Chart {
  const plot = plots.find((one) => one.name === name);
  assert.ok(plot?.kind === "chart", `${name} is in ${plots.map(({ name }) => name)}`);
  return plot.chart;
}

function pointsOf(chart: Chart, series: string): readonly PlotPoint[] {
  return chart.series.find(({ name }) => name === series)?.points ?? [];
}

/** The texts of a picture. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<t(?:ext|span)[^>]*>([^<]+)</g)].map(([, text = ""]) => text);
}

const SWEEP = levelSweep();

test("a sweep has throughput of all clients and of each, and latency, with medians and spreads", () => {
  const plots = plotsOf(SWEEP);
  assert.deepEqual(plots.map(({ name }) => name), [
    "throughput",
    "per-client",
    "throughput-insert",
    "throughput-lookup",
    "latency-insert",
    "latency-lookup",
  ]);
  const all = chartOf(plots, "throughput");
  assert.deepEqual(all.series.map(({ name }) => name), ["insert", "lookup"]);
  assert.deepEqual(
    pointsOf(all, "insert"),
    [1, 2, 4, 8, 16].map((x) => {
      const y = Math.min(x, 4) * 1_000 + 1;
      return { x, y, low: y - 1, high: y + 1 };
    }),
  );
  const each = pointsOf(chartOf(plots, "per-client"), "lookup");
  assert.deepEqual(each.at(-1), { x: 16, y: 2_500.625, low: 2_500, high: 2_501.25 });
  const latency = chartOf(plots, "latency-lookup");
  assert.deepEqual(latency.series.map(({ name }) => name), ["p50", "p99", "p99.9"]);
  for (const [name, ms] of [["p50", 0.05], ["p99", 0.1], ["p99.9", 0.2]] as const) {
    for (const { y } of pointsOf(latency, name)) assert.ok(Math.abs(y / ms - 1) < 0.01);
  }
});

const LAW = "fit: Universal Scalability Law";

test("the fitted law is a curve beside the measured values", () => {
  const steps = stepsWith([1, 2, 4, 8, 16, 32], 3, (n, repeat) => {
    const each = (1_000 + repeat) / (1 + 0.02 * (n - 1) + 0.01 * n * (n - 1));
    return [stageOf("insert", n, each)];
  });
  const chart = chartOf(plotsOf(sweepWith(steps)), "throughput-insert");
  assert.deepEqual(chart.series.map(({ name, kind }) => [name, kind]), [
    [LAW, "curve"],
    ["measured", "points"],
  ]);
  const law = pointsOf(chart, LAW);
  assert.ok(law[0]?.x === 1 && Math.abs(law[0].y / 1_001 - 1) < 0.01);
  assert.ok(Math.abs((law.at(-1)?.x ?? 0) - 32) < 1e-9);
  assert.equal(pointsOf(chart, "measured").length, 6);
});

test("steps that the fit leaves out have marks and a name of their own", () => {
  const sweep = levelSweep();
  const analysis = sweep.analysis["insert"];
  assert.ok(analysis !== undefined && "residuals" in analysis.usl);
  const insert = { ...analysis, usl: { ...analysis.usl, leftOutClients: [1] } };
  const chart = chartOf(plotsOf({ ...sweep, analysis: { insert } }), "throughput-insert");
  assert.deepEqual(chart.series.map(({ name }) => name), [
    LAW,
    "measured",
    "measured, not in the fit (superlinear)",
  ]);
  assert.deepEqual(pointsOf(chart, "measured, not in the fit (superlinear)").map(({ x }) => x), [
    1,
  ]);
});

test("pictures name the server and the day, and explain their marks and bars", () => {
  for (const plot of plotsOf(SWEEP)) {
    const bars = plot.name === "per-client"
      ? "Mark: median of all clients. Bar: slowest to fastest client."
      : "Mark: median of 3 rounds. Bar: minimum to maximum.";
    assert.deepEqual(plot.chart.notes, ["me-a4-x, 2027-01-15", bars]);
  }
  const uneven = SWEEP.steps.map((step, at) => ({ ...step, repeats: step.repeats.slice(at && 1) }));
  const [plot] = plotsOf({ ...SWEEP, steps: uneven }, "two cores");
  assert.deepEqual(plot?.chart.notes, [
    "two cores, 2027-01-15",
    "Mark: median of 2 to 3 rounds. Bar: minimum to maximum.",
  ]);
});

test("with too few steps for a fit, a picture has only the measured values", () => {
  const chart = chartOf(plotsOf(levelSweep([1, 2])), "throughput-insert");
  assert.deepEqual(chart.series.map(({ name }) => name), ["measured"]);
});

test("operations that are far apart share a logarithmic axis, unless one has a throughput of 0", () => {
  assert.equal(chartOf(plotsOf(SWEEP), "throughput").y.scale, "log");
  assert.equal(chartOf(plotsOf(SWEEP), "throughput-insert").y.scale, "linear");
  const still = sweepWith(
    stepsWith([1, 2], 3, (n) => [stageOf("insert", n, 9), failedStage("remove")]),
  );
  const plots = plotsOf(still);
  assert.equal(chartOf(plots, "throughput").y.scale, "linear");
  assert.ok(!plots.some(({ name }) => name === "latency-remove"), "it has no latency");
});

test("many clients are on a logarithmic axis, few on a linear one", () => {
  assert.equal(chartOf(plotsOf(SWEEP), "throughput").x.scale, "linear");
  const many = levelSweep([1, 10, 100]);
  assert.equal(chartOf(plotsOf(many), "throughput").x.scale, "log");
});

test("every picture of a sweep can be drawn, with every series and the units of both axes", async () => {
  for (const plot of plotsOf(SWEEP)) {
    assert.ok(plot.kind === "chart");
    const texts = textsOf(new TextDecoder().decode(await drawPlot(plot, "svg")));
    const unit = plot.name.startsWith("latency") ? "ms" : "ops/s";
    const wanted = [unit, "Clients", plot.chart.title, ...plot.chart.notes ?? []];
    for (const text of [...wanted, ...plot.chart.series.map(({ name }) => name)]) {
      assert.ok(texts.includes(text), `${text} is in ${plot.name}: ${texts}`);
    }
  }
});

test("a run has a curve of percentiles for each operation, up to its slowest one", async () => {
  const run = runWith([stageOf("insert", 2, 100, 3), stageOf("lookup", 2, 100, 0.2)]);
  const plots = plotsOf(run);
  const [plot] = plots;
  assert.ok(plots.length === 1 && plot?.kind === "percentiles");
  assert.deepEqual(plot.chart.series.map(({ name, count }) => [name, count]), [
    ["insert", 200],
    ["lookup", 200],
  ]);
  assert.ok(Math.abs((plot.chart.series[0]?.valueAt(100) ?? 0) - 6) < 0.01);
  assert.ok(Math.abs((plot.chart.series[0]?.valueAt(50) ?? 0) - 1.5) < 0.01);
  const texts = textsOf(new TextDecoder().decode(await drawPlot(plot, "svg")));
  const wanted = [
    ...["ms", "Share of operations that take no longer (%)"],
    ...["Latency with 2 clients (service time)", "me-a4-x, 2027-01-15", "insert", "lookup"],
    ...["0", "50", "75", "90", "99"],
  ];
  for (const text of wanted) assert.ok(texts.includes(text), `${text} is in ${texts}`);
});

test("a PNG has its signature", async () => {
  const [plot] = plotsOf(runWith([stageOf("insert", 1, 100)]));
  assert.ok(plot);
  const png = await drawPlot(plot, "png");
  assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
});

test("data without stages has no pictures", () => {
  assert.deepEqual(plotsOf(runWith([])), []);
  assert.deepEqual(plotsOf(sweepWith([])), []);
  assert.deepEqual(plotsOf(runWith([failedStage("remove")])), []);
});

test("a single picture has the given name, several have theirs before the ending", () => {
  const one = plotsOf(runWith([stageOf("insert", 1, 100)]));
  assert.deepEqual(plotFileNames("a.b/run.svg", one), ["a.b/run.svg"]);
  assert.deepEqual(plotFileNames("a.b/run.PNG", plotsOf(SWEEP)).slice(0, 3), [
    "a.b/run-throughput.PNG",
    "a.b/run-per-client.PNG",
    "a.b/run-throughput-insert.PNG",
  ]);
});
