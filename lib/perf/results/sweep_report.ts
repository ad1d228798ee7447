/** The report of a sweep: a table of the steps for each stage, and the analysis in sentences. */
import { columns } from "../../terminal/columns.ts";
import { busiestShare, BUSY_SHARE } from "../measure/cpu_time.ts";
import { errorCount, opsPerSecond, type StageData } from "../measure/stage_data.ts";
import { median } from "../analysis/statistics.ts";
import { stagesIn } from "./sweep_analysis.ts";
import type { OperationAnalysis, StepData } from "./sweep_data.ts";
import { clientsText, opsText } from "../analysis/sweep_step.ts";

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
 */
export function sweepTables(steps: readonly StepData[]): string[] {
  return stagesIn(steps).map((stage) => {
    const rows = steps.flatMap((step) => {
      const data = stageOf(step, stage);
      return data.length === 0 ? [] : [rowOf(step.clients, data)];
    });
    const heading = [
      ...[stage, "runs", "aggregate ops/s", "min", "max", "client ops/s", "min", "max"],
      ...["p50 ms", "p99 ms", "client thread", "errors"],
    ];
    return columns([heading, ...rows], new Set(heading.keys().drop(1)));
  });
}

/** The explanation of the tables. */
export const TABLE_NOTE =
  "Rows are numbers of simultaneous clients. `aggregate` is the throughput of all clients, the median of the runs with minimum and maximum; `client` is the throughput of one client, with the slowest and the fastest one; `client thread` is the share of time in which testperf itself was busy";

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

function rowOf(clients: number, repeats: readonly StageData[]): string[] {
  const sums = repeats.map(({ sum }) => opsPerSecond(sum));
  const each = repeats.flatMap((data) => data.clients.map(opsPerSecond));
  const busy = busyShare(repeats);
  const rate = (value: number) => value.toFixed(1);
  const milliseconds = (of: (data: StageData) => number) => median(repeats.map(of)).toFixed(3);
  return [
    clientsText(clients),
    String(repeats.length),
    ...[median(sums), ...range(sums)].map(rate),
    ...[median(sums) / clients, ...range(each)].map(rate),
    milliseconds(({ sum }) => sum.latency.p50Ms),
    milliseconds(({ sum }) => sum.latency.p99Ms),
    busy === undefined ? "-" : `${Math.round(100 * busy)}%`,
    String(repeats.reduce((total, { sum }) => total + errorCount(sum.errors), 0)),
  ];
}
