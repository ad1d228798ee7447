/** The explanation of the demo's table: why more clients did not raise a throughput. */
import { median } from "../../lib/perf/analysis/statistics.ts";
import { opsPerSecond, type StageData } from "../../lib/perf/measure/stage_data.ts";
import { stagesIn } from "../../lib/perf/results/sweep_analysis.ts";
import type { StepData, SweepData } from "../../lib/perf/results/sweep_data.ts";
import { stageOf } from "../../lib/perf/results/sweep_report.ts";

/** A smaller gain than this share is no rise: on a busy machine it can be noise. */
const MIN_GAIN = 0.05;

/**
 * Explains the throughputs that do not rise with each step, except for scans, in a sentence.
 *
 * @param processors number of processors of this machine, on which server and clients run
 * @returns empty if all of them rise
 */
export function explainTable({ steps }: SweepData, processors: number): string {
  const flat = stagesIn(steps).flatMap((stage) => {
    const step = stage === "scan" ? undefined : flatStep(steps, stage);
    return step === undefined ? [] : [{ stage, share: clientShare(stageOf(step, stage)) }];
  });
  if (flat.length === 0) return "";
  const shares = flat.map(({ share }) => `${Math.round(100 * share / processors)}%`);
  return `${
    flat.map(({ stage }) => stage).join(", ")
  }: not every step gains much, because the server has one thread, and shares ${processors} processor${
    processors === 1 ? "" : "s"
  } with other programs and the clients, which used ${shares.join(", ")} of them`;
}

/** Finds the first step that has hardly more throughput than the one before. */
function flatStep(steps: readonly StepData[], stage: string): StepData | undefined {
  const sumOf = (step: StepData) =>
    median(stageOf(step, stage).map(({ sum }) => opsPerSecond(sum)));
  return steps.slice(1).find((step, at) => sumOf(step) < (1 + MIN_GAIN) * sumOf(steps[at] ?? step));
}

/** The number of processors that all clients used together. */
function clientShare(runs: readonly StageData[]): number {
  return median(
    runs.map(({ processors }) => processors.reduce((sum, { allShare }) => sum + allShare, 0)),
  );
}
