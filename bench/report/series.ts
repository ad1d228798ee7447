/** One operation of one part: what the tables and the sentences take from a sweep. */
import { opsPerSecond, type StageData } from "../../lib/perf/measure/stage_data.ts";
import type { OperationAnalysis } from "../../lib/perf/results/sweep_data.ts";
import { type Operation, OPERATIONS } from "../../lib/perf/workload/operation.ts";
import { spreadOf } from "../harness/summary.ts";
import { medianShares, type StageShares } from "./processor_shares.ts";
import { type Findings, isNotMeasured, type PartName, PARTS } from "./report_data.ts";

/** One number of clients. */
export interface Point {
  readonly clients: number;
  /** All clients together, by repeat. */
  readonly sums: readonly number[];
  /** Median of the repeats. */
  readonly sum: number;
  /** That shared by the clients. */
  readonly each: number;
  /** Of each client, in the repeat whose sum is the median (the lower one of two). */
  readonly perClient: readonly number[];
  /** The slowest client's throughput as a share of the fastest's, in the worst repeat. */
  readonly fairness: number;
  /** Medians of the repeats; the greatest of all for `maxMs`. */
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly shares: StageShares | undefined;
}

/** An operation over growing numbers of clients. */
export interface Series {
  readonly part: PartName;
  readonly operation: Operation;
  /** `insert, durable`. */
  readonly title: string;
  readonly points: readonly Point[];
  readonly analysis: OperationAnalysis | undefined;
}

/** All that was measured of a part, by operation, in the order of the stages. */
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

/** One operation of a part, if it was measured. */
export function seriesWith(
  findings: Findings,
  name: PartName,
  operation: Operation,
): Series | undefined {
  return seriesOf(findings, name).find((one) => one.operation === operation);
}

/** With as many clients. */
export function pointWith(series: Series | undefined, clients: number): Point | undefined {
  return series?.points.find((point) => point.clients === clients);
}

/** With the most clients. */
export function lastPoint({ points }: Series): Point {
  const last = points.at(-1);
  if (last === undefined) throw new RangeError("a series has points");
  return last;
}

/** Where throughput levels out; with the most clients where it does not, or where that is not known. */
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
  const sum = spreadOf(sums).median;
  const middle = (of: (stage: StageData) => number) => spreadOf(stages.map(of)).median;
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
