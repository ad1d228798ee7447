/** The raw data of a sweep: runs with more and more clients, and their analysis; plain data. */
import type { PlateauAnalysis } from "../analysis/plateau.ts";
import type { CommonData } from "./run_data.ts";
import type { OperationData, StageData } from "../measure/stage_data.ts";
import type { UslFit } from "../analysis/usl_fit.ts";

/** Runs with more and more clients. */
export interface SweepData extends CommonData {
  readonly format: "testperf sweep";
  /** In ascending order of clients. */
  readonly steps: readonly StepData[];
  /** By stage: `insert`, `lookup`, `scan`, `remove`, or `mixed`. */
  readonly analysis: Readonly<Record<string, OperationAnalysis>>;
  /** The runs that were added up (`--sum`); absent in a sweep that one process measured. */
  readonly sumOf?: readonly SumSource[];
}

/** A run that was added up. Members are absent if its version of testperf did not write them. */
export interface SumSource {
  readonly file: string;
  readonly host?: string | undefined;
  readonly pid?: number | undefined;
  readonly clients: number;
  readonly startedUnixMs: number;
}

/** The runs with one number of clients. */
export interface StepData {
  readonly clients: number;
  /**
   * Each repeat has the stages of a run. The last repeat of a sweep that ended early can lack some.
   * Only sums have histograms. Those of single clients, of which a sweep has thousands, are empty texts.
   */
  readonly repeats: readonly (readonly StageData[])[];
}

/** The analysis of one type of operation. */
export interface OperationAnalysis {
  readonly plateau: PlateauAnalysis;
  readonly usl: UslFit | { readonly why: string };
}

/** Removes the histograms of single clients, as `StepData` requires. */
export function withoutClientHistograms(stage: StageData): StageData {
  const without = <Of extends OperationData>(measured: Of): Of => ({
    ...measured,
    latency: { ...measured.latency, histogram: "" },
  });
  const clients = stage.clients.map((client) => ({
    ...without(client),
    operations: Object.fromEntries(
      Object.entries(client.operations).map(([name, measured]) => [name, without(measured)]),
    ),
  }));
  return { ...stage, clients };
}
