/**
 * A sweep: runs with more and more clients, until no stage's throughput rises any more.
 *
 * The repeats of a step come one after the other. To run all steps once, then all again, would keep
 * a machine that slowly changes from looking like an effect of the clients; but then nobody knows
 * the noise of a step, and so whether to stop, until all steps have been run. So a step is repeated
 * at once, the steps that are compared are neighbours in time, and whoever suspects the machine
 * sweeps twice and compares.
 */
import type { Operation } from "./workload/operation.ts";
import { levelsOut } from "./analysis/plateau.ts";
import type { RunResult } from "./run/run.ts";
import type { Measured, StageData } from "./measure/stage_data.ts";
import { stagesIn, sweepSteps } from "./results/sweep_analysis.ts";
import type { StepData } from "./results/sweep_data.ts";

/** A stage that takes so long is not repeated with more clients, in seconds beyond what was planned. */
export const SLOW_STAGE_S = 10;

/** A sweep does not stop before: the Universal Scalability Law needs as many to be fitted. */
const MIN_STEPS = 4;

/** What came of a run, as far as a sweep looks at it. */
export type SweepRun = Pick<RunResult, "stages" | "unmeasuredErrors" | "complete" | "failure">;

/** What to sweep. */
export interface SweepOptions {
  /** Numbers of clients, ascending (`sweepClients`). */
  readonly clientCounts: readonly number[];
  /** Runs of each step. */
  readonly repeats: number;
  /** Stages of a run. A mixed load has no scans that could be left out. */
  readonly operations: readonly Operation[];
  /** How long a stage is meant to be, in seconds; 0 where that is not known. */
  readonly stageSeconds: number;
  /** Does a run. */
  readonly run: (
    clients: number,
    operations: readonly Operation[],
    repeat: number,
  ) => Promise<SweepRun>;
  /** Told of each step, as far as it came. */
  readonly onStep: (step: StepData) => void;
  readonly onNote: (text: string) => void;
}

/** What came of it. */
export interface SweepResult {
  readonly steps: readonly StepData[];
  readonly unmeasuredErrors: number;
  readonly complete: boolean;
  readonly failure: string | null;
}

/** The steps of a sweep: 1, 2, 3, 4, 6, 8, 12, 16, 24, ... and the most at the end. */
export function sweepClients(most: number): number[] {
  const counts: number[] = [];
  for (let power = 1; power < most; power *= 2) {
    counts.push(power);
    const between = power * 1.5;
    if (Number.isInteger(between) && between < most) counts.push(between);
  }
  return [...counts, most];
}

/**
 * Sweeps until all stages level out, or the most clients were tried, or a run ends early. Before, it
 * does a run of the first step that does not count: the server's code is compiled while it runs, and
 * the first step would look slower than it is.
 */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const steps: StepData[] = [];
  let { operations } = options;
  let unmeasuredErrors = 0;
  let isWarm = false;
  for (const clients of options.clientCounts) {
    const repeats: StepData["repeats"][number][] = [];
    const step = { clients, repeats };
    let failed: SweepRun | undefined;
    while (repeats.length < options.repeats && failed === undefined) {
      const run = await options.run(clients, operations, repeats.length);
      unmeasuredErrors += run.unmeasuredErrors;
      if (isWarm && run.stages.length > 0) repeats.push(run.stages.map(withoutClientHistograms));
      if (!run.complete) failed = run;
      isWarm = true;
    }
    if (repeats.length > 0) {
      steps.push(step);
      options.onStep(step);
    }
    if (failed) {
      const failure = failed.failure ?? "a stage could not be measured to its end";
      return { steps, unmeasuredErrors, complete: false, failure };
    }
    if (steps.length >= MIN_STEPS && isOver(steps)) break;
    operations = withoutSlowScans(operations, step, options);
    if (operations.length === 0) break;
  }
  return { steps, unmeasuredErrors, complete: true, failure: null };
}

/** A stage as a sweep keeps it (`StepData`). */
function withoutClientHistograms(stage: StageData): StageData {
  const without = <Of extends Measured>(measured: Of): Of => ({
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

/** Whether every stage levels out; those that are measured no more have been decided on. */
function isOver(steps: readonly StepData[]): boolean {
  const last = steps.slice(-1);
  return stagesIn(last).every((stage) => levelsOut(sweepSteps(steps, stage)) !== undefined);
}

/** Each scan looks at the whole table: with a large one and many clients a stage takes for ever. */
function withoutSlowScans(
  operations: readonly Operation[],
  { clients, repeats }: StepData,
  { stageSeconds, onNote }: SweepOptions,
): readonly Operation[] {
  if (!operations.includes("scan")) return operations;
  const seconds = repeats.flat().filter(({ stage }) => stage === "scan")
    .map(({ sum }) => sum.seconds);
  const longest = Math.max(0, ...seconds);
  if (longest < stageSeconds + SLOW_STAGE_S) return operations;
  onNote(
    `scan: not measured with more than ${clients} clients, since a stage took ${
      longest.toFixed(0)
    } s: each scan looks at the whole table`,
  );
  return operations.filter((operation) => operation !== "scan");
}
