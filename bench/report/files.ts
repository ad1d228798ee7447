/** The folder of a run: raw data as JSON and CSV, pictures as SVG. */
import { csvText } from "../../lib/perf/results/csv.ts";
import { drawPlot, plotsOf } from "../../lib/perf/results/plots.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import { type BenchData, type Findings, type PartName, PARTS } from "./report_data.ts";

/** The file of all data but the sweeps. */
const BENCH = "bench.json";

/** The pictures that REPORT names. */
const PICTURES: Readonly<Record<PartName, readonly string[]>> = {
  "memory": ["throughput", "throughput-lookup", "throughput-scan", "per-client"],
  "durable": ["throughput", "throughput-insert", "per-client"],
  "two-hosts-memory": ["throughput"],
  "two-hosts-durable": ["throughput"],
};

/** Removes histograms that are there twice: a stage of one operation has that of its sum, too. */
function withoutSumHistograms(data: SweepData): SweepData {
  return {
    ...data,
    steps: data.steps.map((step) => ({
      ...step,
      repeats: step.repeats.map((stages) =>
        stages.map((stage) => ({
          ...stage,
          sum: { ...stage.sum, latency: { ...stage.sum.latency, histogram: "" } },
        }))
      ),
    })),
  };
}

/** Writes the raw data of a sweep. Its pictures take longer and come later. */
export async function writeSweep(folder: string, part: PartName, data: SweepData): Promise<void> {
  const json = JSON.stringify(withoutSumHistograms(data));
  await Deno.writeTextFile(`${folder}/${part}.json`, `${json}\n`);
  await Deno.writeTextFile(`${folder}/${part}.csv`, csvText(data));
}

/** Draws the pictures of all sweeps, and removes all others. */
export async function writePictures(
  folder: string,
  { bench: { site }, sweeps }: Findings,
  signal: AbortSignal,
): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".svg")) await Deno.remove(`${folder}/${name}`);
  }
  for (const { part, sweep } of partsIn(sweeps)) {
    const subject = `htserver ${PARTS[part].title}, ${site.cores} cores`;
    for (const plot of plotsOf(sweep, subject)) {
      if (!PICTURES[part].includes(plot.name)) continue;
      signal.throwIfAborted();
      await Deno.writeFile(`${folder}/${part}-${plot.name}.svg`, await drawPlot(plot, "svg"));
    }
  }
}

function partsIn(sweeps: Findings["sweeps"]): { part: PartName; sweep: SweepData }[] {
  const names = Object.keys(PARTS) as PartName[];
  return names.flatMap((part) => {
    const sweep = sweeps[part];
    return sweep === undefined ? [] : [{ part, sweep }];
  });
}

/** Writes all data but the sweeps. */
export async function writeBench(folder: string, data: BenchData): Promise<void> {
  await Deno.writeTextFile(`${folder}/${BENCH}`, `${JSON.stringify(data, undefined, 1)}\n`);
}

/**
 * Reads the data of a run.
 *
 * @throws {Error} if a file is missing or has another format
 */
export async function readFindings(folder: string): Promise<Findings> {
  const bench = JSON.parse(await Deno.readTextFile(`${folder}/${BENCH}`)) as BenchData;
  const sweeps: Partial<Record<PartName, SweepData>> = {};
  for (const { name } of bench.parts) {
    if (!Object.hasOwn(PARTS, name)) throw new Error(`${folder}/${BENCH} has an unknown part`);
    sweeps[name] = JSON.parse(await Deno.readTextFile(`${folder}/${name}.json`)) as SweepData;
  }
  return { bench, sweeps };
}
