/**
 * The steps of a sweep: runs with more and more clients, until the throughput of every stage has
 * reached its plateau. A single run is a sweep of one step.
 *
 * The repeats of a step follow each other directly. The alternative is to run all steps once, then all
 * of them again, so that a slow change of the machine does not look like an effect of the clients. But
 * the noise of a step would be unknown until the end, and the sweep could not stop early. With direct
 * repeats, the compared steps are neighbors in time.
 */
import { findPlateau } from "./analysis/plateau.ts";
import { stagesIn, sweepSteps } from "./results/sweep_analysis.ts";
import { type StepData, withoutClientHistograms } from "./results/sweep_data.ts";
import { isGood, type RunResult } from "./run/run.ts";
import type { Operation } from "./workload/operation.ts";

/**
 * Maximum time by which a stage of scans may exceed its plan, in seconds. A slower stage is not measured
 * with more clients.
 */
export const SLOW_STAGE_S = 10;

/** Minimum number of steps of a sweep: a fit of the Universal Scalability Law needs them. */
const MIN_STEPS = 4;

/** The part of a run's result that a step keeps. */
export type StepRun = Omit<RunResult, "server">;

/** The inputs of the steps. */
export interface StepsOptions {
  /** Numbers of clients, ascending (`sweepClients`). */
  readonly clientCounts: readonly number[];
  /** Runs of each step. */
  readonly repeats: number;
  /** Stages of a run. */
  readonly operations: readonly Operation[];
  /** Planned length of a stage, in seconds; 0 if it is not known. */
  readonly stageSeconds: number;
  /** Executes one run. */
  readonly run: (clients: number, operations: readonly Operation[]) => Promise<StepRun>;
  /** Called after each step, also after one that ended early. */
  readonly onStep: (step: StepData) => void;
  readonly onNote: (text: string) => void;
}

/** The result of all steps. */
export interface StepsResult {
  readonly steps: readonly StepData[];
  readonly unmeasuredErrors: number;
  /** Whether no run ended early. */
  readonly complete: boolean;
  /** Why a run ended early. */
  readonly failure: string | null;
  /** Whether every run was complete, and no operation failed. */
  readonly isGood: boolean;
}

/** Lists the client counts of a sweep: 1, 2, 3, 4, 6, 8, 12, 16, 24, ... and `max` at the end. */
export function sweepClients(max: number): number[] {
  const counts: number[] = [];
  for (let power = 1; power < max; power *= 2) {
    counts.push(power);
    const between = power * 1.5;
    if (Number.isInteger(between) && between < max) counts.push(between);
  }
  return [...counts, max];
}

/**
 * Measures step after step, until every stage has reached its plateau, or a run ends early.
 *
 * Before several runs, one more run is executed and does not count: the server compiles its code during
 * that run, and would look slower than it is.
 */
export async function measureSteps(options: StepsOptions): Promise<StepsResult> {
  const { clientCounts } = options;
  const isSingleRun = clientCounts.length === 1 && options.repeats === 1;
  const steps: StepData[] = [];
  let { operations } = options;
  let unmeasuredErrors = 0;
  let areGood = true;
  let isWarm = isSingleRun;
  for (const [at, clients] of clientCounts.entries()) {
    const repeats: StepData["repeats"][number][] = [];
    const step = { clients, repeats };
    let failed: StepRun | undefined;
    while (repeats.length < options.repeats && failed === undefined) {
      const run = await options.run(clients, operations);
      unmeasuredErrors += run.unmeasuredErrors;
      areGood &&= isGood(run);
      if (isWarm && run.stages.length > 0) {
        repeats.push(isSingleRun ? run.stages : run.stages.map(withoutClientHistograms));
      }
      if (!run.complete) failed = run;
      isWarm = true;
    }
    if (repeats.length > 0) {
      steps.push(step);
      options.onStep(step);
    }
    if (failed) {
      const { failure } = failed;
      return { steps, unmeasuredErrors, complete: false, failure, isGood: false };
    }
    if (at === clientCounts.length - 1 || steps.length >= MIN_STEPS && haveLeveledOut(steps)) break;
    operations = withoutSlowScans(operations, step, options);
    if (operations.length === 0) break;
  }
  return { steps, unmeasuredErrors, complete: true, failure: null, isGood: areGood };
}

/** Whether every stage of the last step has reached its plateau. */
function haveLeveledOut(steps: readonly StepData[]): boolean {
  const last = steps.slice(-1);
  return stagesIn(last).every((stage) => findPlateau(sweepSteps(steps, stage)) !== undefined);
}

/** Each scan reads the whole table: with a large one and many clients a stage would not end. */
function withoutSlowScans(
  operations: readonly Operation[],
  { clients, repeats }: StepData,
  { stageSeconds, onNote }: StepsOptions,
): readonly Operation[] {
  if (!operations.includes("scan")) return operations;
  const seconds = repeats.flat().filter(({ stage }) => stage === "scan")
    .map(({ sum }) => sum.seconds);
  const longest = Math.max(0, ...seconds);
  if (longest < stageSeconds + SLOW_STAGE_S) return operations;
  onNote(
    `scan: not measured with more than ${clients} clients, because a stage took ${
      longest.toFixed(0)
    } s: each scan reads the whole table`,
  );
  return operations.filter((operation) => operation !== "scan");
}
