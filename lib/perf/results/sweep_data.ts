/** The raw data of a sweep: runs with more and more clients, and what they show. Plain data, as a run's. */
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

/** As many clients. */
export interface StepData {
  readonly clients: number;
  /**
   * Each repeat has the stages of a run. The last one of a sweep that ended early may lack some.
   * Histograms are only those of the sums, since there are thousands of single clients: theirs are
   * empty texts.
   */
  readonly repeats: readonly (readonly StageData[])[];
}

/** What a sweep shows of one type of operation. */
export interface OperationAnalysis {
  readonly plateau: PlateauAnalysis;
  readonly usl: UslFit | { readonly why: string };
}
