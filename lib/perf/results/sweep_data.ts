/** The raw data of a sweep: runs with more and more clients, and their analysis; plain data. */
import type { PlateauAnalysis } from "../analysis/plateau.ts";
import type { CommonData } from "./run_data.ts";
import type { StageData } from "../measure/stage_data.ts";
import type { UslFit } from "../analysis/usl_fit.ts";

/** Runs with more and more clients. */
export interface SweepData extends CommonData {
  readonly format: "testperf sweep";
  /** In ascending order of clients. */
  readonly steps: readonly StepData[];
  /** By stage: `insert`, `lookup`, `scan`, `remove`, or `mixed`. */
  readonly analysis: Readonly<Record<string, OperationAnalysis>>;
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
