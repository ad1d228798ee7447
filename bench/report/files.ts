/** The folder of a run: raw data as JSON and CSV, pictures as SVG. */
import { csvText } from "../../lib/perf/results/csv.ts";
import { drawPlot, plotsOf } from "../../lib/perf/results/plots.ts";
import type { OperationData } from "../../lib/perf/measure/stage_data.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import { type BenchData, type Findings, type PartName, PARTS } from "./report_data.ts";

/** The file of all data but the sweeps. */
const BENCH = "bench.json";

/**
 * Removes the histograms of single clients, which are most of the data. The histograms of all
 * clients together stay, by operation.
 */
function withoutClientHistograms(data: SweepData): SweepData {
  return {
    ...data,
    steps: data.steps.map((step) => ({
      ...step,
      repeats: step.repeats.map((stages) =>
        stages.map((stage) => ({
          ...stage,
          clients: stage.clients.map((client) => ({
            ...withoutHistogram(client),
            operations: Object.fromEntries(
              Object.entries(client.operations).map(([name, one]) => [name, withoutHistogram(one)]),
            ),
          })),
          sum: withoutHistogram(stage.sum),
        }))
      ),
    })),
  };
}

function withoutHistogram<M extends OperationData>(measured: M): M {
  return { ...measured, latency: { ...measured.latency, histogram: "" } };
}

/** Writes the raw data of a sweep. Its pictures take longer and come later. */
export async function writeSweep(folder: string, part: PartName, data: SweepData): Promise<void> {
  const json = JSON.stringify(withoutClientHistograms(data));
  await Deno.writeTextFile(`${folder}/${part}.json`, `${json}\n`);
  await Deno.writeTextFile(`${folder}/${part}.csv`, csvText(data));
}

/** Draws all pictures of all sweeps. */
export async function writePictures(
  folder: string,
  { sweeps }: Findings,
  signal: AbortSignal,
): Promise<void> {
  for (const [part, sweep] of Object.entries(sweeps)) {
    for (const plot of plotsOf(sweep)) {
      signal.throwIfAborted();
      await Deno.writeFile(`${folder}/${part}-${plot.name}.svg`, await drawPlot(plot, "svg"));
    }
  }
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
