/** The series of raw data: the results of each operation, by the number of clients. */
import type { RunData } from "./run_data.ts";
import {
  type ClientData,
  type OperationData,
  opsPerSecond,
  type StageData,
} from "../measure/stage_data.ts";
import type { StepData, SweepData } from "./sweep_data.ts";
import type { SweepStep } from "../analysis/sweep_step.ts";
import { OPERATIONS } from "../workload/operation.ts";

/** The raw data of a run or of a sweep. */
export type RawData = RunData | SweepData;

/** Part of a stage: all of it, or one type of operation of a mixed stage. */
interface Part {
  /** Name of the stage, or of the type of operation. */
  readonly name: string;
  readonly measured: OperationData;
}

/** The results of one operation, or of one mixed stage. */
export interface Series {
  readonly name: string;
  /** In ascending order of clients; at least one. */
  readonly points: readonly SeriesPoint[];
}

/** The results with one number of clients. */
export interface SeriesPoint {
  readonly clients: number;
  /** The sum of all clients in each repeat; at least one. */
  readonly sums: readonly OperationData[];
  /** Each client of each repeat. */
  readonly singles: readonly OperationData[];
}

/** Returns the steps of raw data: a run is one step with one repeat. */
export function stepsOf(data: RawData): readonly StepData[] {
  return data.format === "testperf sweep"
    ? data.steps
    : [{ clients: data.settings.clients, repeats: [data.stages] }];
}

/** Splits the result of a client, or the sum, into parts; the whole stage comes last. */
export function partsOf({ stage }: StageData, client: ClientData): Part[] {
  const types = OPERATIONS.flatMap((name) => {
    const measured = client.operations[name];
    return measured === undefined || name === stage ? [] : [{ name, measured }];
  });
  return [...types, { name: stage, measured: client }];
}

/** Groups raw data into series, in the order of the stages. */
export function seriesOf(data: RawData): Series[] {
  const steps = stepsOf(data);
  const stages = steps.flatMap(({ repeats }) => repeats.flat());
  const names = new Set(
    stages.flatMap((stage) => partsOf(stage, stage.sum).map(({ name }) => name)),
  );
  return [...names].map((name) => ({
    name,
    points: steps.flatMap(({ clients, repeats }) => {
      const sums = repeats.flatMap((stages) => measuredOf(name, stages, ({ sum }) => [sum]));
      const singles = repeats.flatMap((stages) => measuredOf(name, stages, (one) => one.clients));
      return sums.length === 0 ? [] : [{ clients, sums, singles }];
    }),
  }));
}

/** Computes the throughput of a series, for the analysis. */
export function throughputSteps({ points }: Series): SweepStep[] {
  return points.map(({ clients, sums }) => ({ clients, opsPerSecond: sums.map(opsPerSecond) }));
}

function measuredOf(
  name: string,
  stages: readonly StageData[],
  clientsOf: (stage: StageData) => readonly ClientData[],
): OperationData[] {
  return stages.flatMap((stage) =>
    clientsOf(stage).flatMap((client) =>
      partsOf(stage, client).filter((part) => part.name === name).map(({ measured }) => measured)
    )
  );
}
