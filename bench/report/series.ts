/** One operation of one part over the number of clients: the rows of the tables, from a sweep. */
import { median } from "../../lib/perf/analysis/statistics.ts";
import { opsPerSecond, type StageData } from "../../lib/perf/measure/stage_data.ts";
import type { OperationAnalysis } from "../../lib/perf/results/sweep_data.ts";
import { type Operation, OPERATIONS } from "../../lib/perf/workload/operation.ts";
import { medianShares, type StageShares } from "./processor_shares.ts";
import { type Findings, isNotMeasured, type PartName, PARTS } from "./report_data.ts";

/** The measurements with one number of clients. */
export interface Point {
  readonly clients: number;
  /** Aggregate operations a second of each repeat. */
  readonly sums: readonly number[];
  /** The median of the repeats. */
  readonly sum: number;
  /** `sum` divided by the number of clients. */
  readonly each: number;
  /** Each client, in the repeat whose sum is the median (the lower one of two). */
  readonly perClient: readonly number[];
  /** Operations of the slowest client divided by those of the fastest, in the worst repeat. */
  readonly fairness: number;
  /** Medians of the repeats. `maxMs` is the greatest of all. */
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly shares: StageShares | undefined;
}

/** An operation of a part, by the number of clients. */
export interface Series {
  readonly part: PartName;
  readonly operation: Operation;
  /** `insert, durable`. */
  readonly title: string;
  readonly points: readonly Point[];
  readonly analysis: OperationAnalysis | undefined;
}

/** The series of a part, in the order of the stages. */
export function seriesOf({ bench, sweeps }: Findings, name: PartName): Series[] {
  const sweep = sweeps[name];
  const part = bench.parts.find((one) => one.name === name);
  if (sweep === undefined || part === undefined) return [];
  const { shares } = part;
  return OPERATIONS.filter((operation) => part.operations.includes(operation)).flatMap(
    (operation) => {
      const points = sweep.steps.flatMap(({ clients, repeats }) => {
        const stages = repeats.flatMap((one) => one.filter(({ stage }) => stage === operation));
        const step = isNotMeasured(shares)
          ? undefined
          : shares.find((one) => one.clients === clients);
        return stages.length === 0 ? [] : [pointOf(clients, stages, medianShares(step, operation))];
      });
      const title = `${operation}, ${PARTS[name].title}`;
      const analysis = sweep.analysis[operation];
      return points.length === 0 ? [] : [{ part: name, operation, title, points, analysis }];
    },
  );
}

/** The series of one operation, if it was measured. */
export function seriesWith(
  findings: Findings,
  name: PartName,
  operation: Operation,
): Series | undefined {
  return seriesOf(findings, name).find((one) => one.operation === operation);
}

/** The point with this number of clients. */
export function pointWith(series: Series | undefined, clients: number): Point | undefined {
  return series?.points.find((point) => point.clients === clients);
}

/** The point with the most clients. */
export function lastPoint({ points }: Series): Point {
  const last = points.at(-1);
  if (last === undefined) throw new RangeError("a series has points");
  return last;
}

/** The point of the plateau, or the one with the most clients without a known plateau. */
export function levelPoint(series: Series): Point {
  const clients = series.analysis?.plateau.clients;
  return series.points.find((point) => point.clients === clients) ?? lastPoint(series);
}

function pointOf(
  clients: number,
  stages: readonly StageData[],
  shares: StageShares | undefined,
): Point {
  const sums = stages.map(({ sum }) => opsPerSecond(sum));
  const sum = median(sums);
  const middle = (of: (stage: StageData) => number) => median(stages.map(of));
  const typical = stages.toSorted((a, b) => opsPerSecond(a.sum) - opsPerSecond(b.sum))
    .at(Math.floor((stages.length - 1) / 2));
  return {
    clients,
    sums,
    sum,
    each: sum / clients,
    perClient: typical?.clients.map(opsPerSecond) ?? [],
    fairness: Math.min(...stages.map(fairnessOf)),
    meanMs: middle((stage) => stage.sum.latency.meanMs),
    p50Ms: middle((stage) => stage.sum.latency.p50Ms),
    p99Ms: middle((stage) => stage.sum.latency.p99Ms),
    maxMs: Math.max(...stages.map((stage) => stage.sum.latency.maxMs)),
    shares,
  };
}

function fairnessOf({ clients }: StageData): number {
  const each = clients.map(opsPerSecond);
  return Math.min(...each) / Math.max(...each);
}
