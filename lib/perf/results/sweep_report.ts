/** The report of a sweep: a table of the steps for each stage, and the analysis in sentences. */
import { type Column, table } from "../../terminal/table.ts";
import { busiestShare, BUSY_SHARE } from "../measure/cpu_time.ts";
import { errorCount, opsPerSecond, type StageData } from "../measure/stage_data.ts";
import type { LatencyData } from "../measure/histogram.ts";
import { median } from "../analysis/statistics.ts";
import { BUSY_NOTE, latencyText, rateText, shareText } from "./run_report.ts";
import { clientsText, opsText } from "../analysis/sweep_step.ts";
import { stagesIn } from "./sweep_analysis.ts";
import type { OperationAnalysis, StepData } from "./sweep_data.ts";

/** Formats a step as one line: the median throughput of each stage. */
export function stepLine(step: StepData): string {
  const stages = stagesIn([step]).map((stage) => {
    const sums = stageOf(step, stage).map(({ sum }) => opsPerSecond(sum));
    return `${stage} ${opsText(median(sums))}`;
  });
  const { clients, repeats } = step;
  return `${clientsText(clients)}, ${repeats.length} run${repeats.length === 1 ? "" : "s"}: ${
    stages.join(", ")
  }`;
}

/**
 * Formats one table for each stage, with a row for each step: the median of the repeats, the minimum
 * and the maximum of a repeat, and the same for single clients.
 *
 * @param width maximum characters per line
 */
export function sweepTables(steps: readonly StepData[], width: number): string[] {
  return stagesIn(steps).map((stage) => {
    const rows = steps.map((step) => ({ clients: step.clients, runs: stageOf(step, stage) }))
      .filter(({ runs }) => runs.length > 0);
    const [least, most] = range(rows.map(({ runs }) => runs.length));
    const runs = least === most ? most : `${least} to ${most}`;
    return `${stage}, ${runs} run${most === 1 ? "" : "s"} each\n${table(columnsOf(rows), width)}`;
  });
}

/** A step of one stage. */
interface StepRow {
  readonly clients: number;
  readonly runs: readonly StageData[];
}

function columnsOf(rows: readonly StepRow[]): Column[] {
  const column = (heading: string, cell: (row: StepRow) => string, group = ""): Column => ({
    heading,
    group,
    cells: rows.map(cell),
  });
  const sums = ({ runs }: StepRow) => runs.map(({ sum }) => opsPerSecond(sum));
  const each = ({ runs }: StepRow) => runs.flatMap(({ clients }) => clients.map(opsPerSecond));
  const latency = (heading: string, value: (latency: LatencyData) => number) =>
    column(
      heading,
      ({ runs }) => latencyText(median(runs.map(({ sum }) => value(sum.latency)))),
      "latency ms",
    );
  return [
    column("clients", ({ clients }) => String(clients)),
    column("ops/s", (row) => rateText(median(sums(row))), "all clients"),
    column("min", (row) => rateText(range(sums(row))[0]), "all clients"),
    column("max", (row) => rateText(range(sums(row))[1]), "all clients"),
    column("ops/s", (row) => rateText(median(sums(row)) / row.clients), "one client"),
    column("min", (row) => rateText(range(each(row))[0]), "one client"),
    column("max", (row) => rateText(range(each(row))[1]), "one client"),
    latency("p50", ({ p50Ms }) => p50Ms),
    latency("p99", ({ p99Ms }) => p99Ms),
    column("busy", ({ runs }) => shareText(busyShare(runs))),
    column(
      "errors",
      ({ runs }) => String(runs.reduce((all, { sum }) => all + errorCount(sum.errors), 0)),
    ),
  ];
}

/** The explanation of the tables. */
export const TABLE_NOTE =
  `ops/s: median of the runs; min and max: of all clients those of a run, of one client the slowest and the fastest of any run; ${BUSY_NOTE}`;

/** Describes the analysis of each stage in one paragraph: its plateau, and its limit. */
export function analysisLines(analysis: Readonly<Record<string, OperationAnalysis>>): string[] {
  return Object.entries(analysis).map(([stage, { sentence }]) => `${stage}: ${sentence}`);
}

/** Returns notes on stages that testperf itself likely limits, not the server. */
export function busyNotes(steps: readonly StepData[]): string[] {
  return stagesIn(steps).flatMap((stage) => {
    const busy = steps.filter((step) => (busyShare(stageOf(step, stage)) ?? 0) > BUSY_SHARE);
    if (busy.length === 0) return [];
    const counts = busy.map(({ clients }) => clients).join(", ");
    return [
      `${stage}: with ${counts} clients the client thread was busy more than ${
        100 * BUSY_SHARE
      }% of the time, so testperf likely limits the throughput, not the server; measure with several processes`,
    ];
  });
}

/** The median load of the client thread, 0 to 1; undefined if all repeats were too short. */
function busyShare(repeats: readonly StageData[]): number | undefined {
  const shares = repeats.flatMap((data) => busiestShare(data.processors) ?? []);
  return shares.length === 0 ? undefined : median(shares);
}

/** Minimum and maximum of any number of values (the arguments of a call are limited). */
export function range(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([min, max], value) => [Math.min(min, value), Math.max(max, value)],
    [Infinity, -Infinity],
  );
}

/** Returns the results of one stage in all repeats of a step. */
export function stageOf(step: StepData, stage: string): StageData[] {
  return step.repeats.flat().filter((data) => data.stage === stage);
}
