/** One operation of one part over the number of clients: the rows of the tables, from a sweep. */
import { median } from "../../lib/perf/analysis/statistics.ts";
import { opsPerSecond, type StageData } from "../../lib/perf/measure/stage_data.ts";
import type { OperationAnalysis } from "../../lib/perf/results/sweep_data.ts";
import { type Operation, OPERATIONS } from "../../lib/perf/workload/operation.ts";
import { medianShares, type StageShares } from "./processor_shares.ts";
import { type Findings, isNotMeasured, type PartName } from "./report_data.ts";

/** The measurements with one number of clients. */
export interface Point {
  readonly clients: number;
  /** Operations a second of all clients together: the median of the rounds, and their range. */
  readonly sum: number;
  readonly sumMin: number;
  readonly sumMax: number;
  /** `sum` divided by the number of clients. */
  readonly each: number;
  /** Operations a second of the slowest and of the fastest client of any round. */
  readonly slowest: number;
  readonly fastest: number;
  /** The part of the sum that the fastest client has: the median of the rounds. */
  readonly fastestShare: number;
  /** Medians of the rounds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly shares: StageShares | undefined;
}

/** An operation of a part, by the number of clients. */
export interface Series {
  readonly part: PartName;
  readonly operation: Operation;
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
      const analysis = sweep.analysis[operation];
      return points.length === 0 ? [] : [{ part: name, operation, points, analysis }];
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
function lastPoint({ points }: Series): Point {
  const last = points.at(-1);
  if (last === undefined) throw new RangeError("a series has points");
  return last;
}

/** The smallest number of clients that is enough for the plateau; undefined if that is not known. */
export function levelClients({ analysis }: Series): number | undefined {
  return analysis?.plateau.enoughClients ?? analysis?.plateau.clients ?? undefined;
}

/** The point of the plateau, or the one with the most clients without a known plateau. */
export function levelPoint(series: Series): Point {
  const clients = levelClients(series);
  return series.points.find((point) => point.clients === clients) ?? lastPoint(series);
}

function pointOf(
  clients: number,
  stages: readonly StageData[],
  shares: StageShares | undefined,
): Point {
  const sums = stages.map(({ sum }) => opsPerSecond(sum));
  const singles = stages.flatMap((stage) => stage.clients.map(opsPerSecond));
  const sum = median(sums);
  return {
    clients,
    sum,
    sumMin: Math.min(...sums),
    sumMax: Math.max(...sums),
    each: sum / clients,
    slowest: Math.min(...singles),
    fastest: Math.max(...singles),
    fastestShare: median(
      stages.map(({ sum, clients }) => Math.max(...clients.map(({ ops }) => ops)) / sum.ops),
    ),
    p50Ms: median(stages.map((stage) => stage.sum.latency.p50Ms)),
    p99Ms: median(stages.map((stage) => stage.sum.latency.p99Ms)),
    shares,
  };
}
