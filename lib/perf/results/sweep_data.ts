/** The raw data of a sweep: runs with more and more clients, and what they show. Plain data, as a run's. */
import type { PlateauAnalysis } from "../analysis/plateau.ts";
import type { RunSettings } from "./run_data.ts";
import type { StageData } from "../measure/stage_data.ts";
import type { UslFit } from "../analysis/usl_fit.ts";

/** Runs with more and more clients. */
export interface SweepData {
  readonly format: "testperf sweep";
  readonly version: 1;
  /** What the user named: a name in the catalogs, or HOST:PORT. */
  readonly target: string;
  /** HOST:PORT. */
  readonly server: string;
  /** When the sweep began, in milliseconds since 1970. */
  readonly startedUnixMs: number;
  readonly seed: number;
  /** Of each run; but `clients` is the largest number that was tried. */
  readonly settings: RunSettings;
  /** What the latencies are: of a closed loop, or of an open one. */
  readonly latencies?: string;
  /** In ascending order of clients. */
  readonly steps: readonly StepData[];
  /** By stage: `insert`, `lookup`, `scan`, `remove`, or `mixed`. */
  readonly analysis: Readonly<Record<string, OperationAnalysis>>;
  /** Failed operations outside of the stages: while keys were put in or taken away. */
  readonly unmeasuredErrors: number;
  /** Whether it ended by itself: since all stages level out, or with the most clients. */
  readonly complete: boolean;
  /** Why it ended early, where it did. */
  readonly failure: string | null;
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
