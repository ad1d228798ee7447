/** A sweep for people: a table of its steps for each stage, and what they show, in sentences. */
import { columns } from "../../terminal/columns.ts";
import { busiestShare, BUSY_SHARE } from "../measure/cpu_time.ts";
import { errorCount, opsPerSecond, type StageData } from "../measure/stage_data.ts";
import { median } from "../analysis/statistics.ts";
import { stagesIn } from "./sweep_analysis.ts";
import type { OperationAnalysis, StepData } from "./sweep_data.ts";
import { clientsText, opsText } from "../analysis/sweep_step.ts";

/** What a step came to, in one line: the median of each stage's sum. */
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
 * A table for each stage, a row for each step: medians of the repeats, and the least and most that a
 * repeat (of the sum) or a client had.
 */
export function sweepTables(steps: readonly StepData[]): string[] {
  return stagesIn(steps).map((stage) => {
    const rows = steps.flatMap((step) => {
      const data = stageOf(step, stage);
      return data.length === 0 ? [] : [rowOf(step.clients, data)];
    });
    const heading = [
      ...[stage, "runs", "sum ops/s", "least", "most", "each ops/s", "least", "most"],
      ...["p50 ms", "p99 ms", "client thread", "errors"],
    ];
    return columns([heading, ...rows], new Set(heading.keys().drop(1)));
  });
}

/** What the tables mean. */
export const TABLE_NOTE =
  "Rows are numbers of simultaneous clients. `sum` is what all of them did together, the median of the runs with the least and the most of them; `each` is a client's share of it, with the slowest and the fastest client; `client thread` is how busy testperf itself was";

/** What a sweep shows of each stage: whether it levels out, and what limits it. */
export function analysisLines(analysis: Readonly<Record<string, OperationAnalysis>>): string[] {
  return Object.entries(analysis).flatMap(([stage, { plateau, usl }]) => [
    `${stage}: ${plateau.sentence}`,
    `${stage}: ${"why" in usl ? `${usl.why}.` : usl.sentence}`,
  ]);
}

/** Where testperf itself, and not the server, is likely what limits a stage. */
export function busyNotes(steps: readonly StepData[]): string[] {
  return stagesIn(steps).flatMap((stage) => {
    const busy = steps.filter((step) => (busyShare(stageOf(step, stage)) ?? 0) > BUSY_SHARE);
    if (busy.length === 0) return [];
    const counts = busy.map(({ clients }) => clients).join(", ");
    return [
      `${stage}: with ${counts} clients testperf's own thread was busy more than ${
        100 * BUSY_SHARE
      }% of the time, so it, not the server, is likely what limits this; measure with several processes`,
    ];
  });
}

/** How busy the client's thread was in most of the repeats, 0 to 1; undefined: all were too short. */
function busyShare(repeats: readonly StageData[]): number | undefined {
  const shares = repeats.flatMap((data) => busiestShare(data.processors) ?? []);
  return shares.length === 0 ? undefined : median(shares);
}

/** The least and the most, of any number of values (arguments of a call are limited). */
function range(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
}

function stageOf(step: StepData, stage: string): StageData[] {
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
