/** The raw data of a sweep: runs with more and more clients, and their analysis; plain data. */
import type { PlateauAnalysis } from "../analysis/plateau.ts";
import type { UslResult } from "../analysis/summary.ts";
import type { CommonData } from "./run_data.ts";
import type { OperationData, StageData } from "../measure/stage_data.ts";

/** Runs with more and more clients. */
export interface SweepData extends CommonData {
  readonly format: "testperf sweep";
  /** In ascending order of clients. */
  readonly steps: readonly StepData[];
  /** In time order. Earlier versions, which measured step after step, have none. */
  readonly rounds?: readonly RoundData[];
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
   * Each repeat has the stages of a run, in time order: those of the rounds that are kept. So repeat i
   * of every step is of the same round, and repeats can be compared in pairs. The last round of a sweep
   * that ended early can lack steps and stages. Until a first round is complete, the runs that found
   * the range come before it.
   *
   * Only sums have histograms. Those of single clients, of which a sweep has thousands, are empty texts.
   */
  readonly repeats: readonly (readonly StageData[])[];
}

/** A round of a sweep: one run of each step, in random order. */
export interface RoundData {
  /** Numbers of clients, in the order in which they were measured. */
  readonly order: readonly number[];
  readonly startedUnixMs: number;
  /** The mean of the controls: there is one before the first step, and one after each step. */
  readonly control: ControlData;
  /**
   * Mean speed of the machine at these controls, as a share of the usual one: that of each control is
   * its slower figure, at most 1. Below `DISTURBED_SHARE`, the round was repeated.
   */
  readonly controlShare: number;
  /** Whether its runs are in `steps`. */
  readonly isKept: boolean;
}

/** Speeds of fixed work on the machine of testperf, without the server, and not during a run. */
export interface ControlData {
  /** Bytes a second that are hashed with SHA-256, by as many threads as a run has busy processes. */
  readonly workPerS: number;
  /** Round trips of a message through the loopback interface, a second; null without that interface. */
  readonly echoesPerS: number | null;
}

/** The analysis of one type of operation. */
export interface OperationAnalysis {
  readonly plateau: PlateauAnalysis;
  readonly usl: UslResult;
  /** Both in one paragraph of plain English. Every number of clients in it is that of a step. */
  readonly sentence: string;
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
