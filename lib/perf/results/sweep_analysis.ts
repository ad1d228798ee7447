/** The analysis of a sweep, for each stage. */
import { analyzePlateau } from "../analysis/plateau.ts";
import { summarize, type UslResult } from "../analysis/summary.ts";
import { opsPerSecond } from "../measure/stage_data.ts";
import type { OperationAnalysis, StepData } from "./sweep_data.ts";
import type { SweepStep } from "../analysis/sweep_step.ts";
import { fitUsl, UslDataError } from "../analysis/usl.ts";

/** Lists the stages of a sweep, in order. */
export function stagesIn(steps: readonly StepData[]): string[] {
  return [...new Set(steps.flatMap(({ repeats }) => repeats.flat().map(({ stage }) => stage)))];
}

/** Computes the throughput of one stage in all its complete repeats. */
export function sweepSteps(steps: readonly StepData[], stage: string): SweepStep[] {
  return steps.flatMap(({ clients, repeats }) => {
    const whole = repeats.flat().filter((data) => data.stage === stage && data.complete);
    if (whole.length === 0) return [];
    return [{ clients, opsPerSecond: whole.map(({ sum }) => opsPerSecond(sum)) }];
  });
}

/**
 * Analyzes a sweep.
 *
 * @param seed of the bootstrap
 * @returns the analysis of each stage, by name
 */
export function analyzeSweep(
  steps: readonly StepData[],
  seed: number,
): Record<string, OperationAnalysis> {
  return Object.fromEntries(
    stagesIn(steps).map((stage) => {
      const measured = sweepSteps(steps, stage);
      const plateau = analyzePlateau(measured);
      const usl = uslOf(measured, seed);
      return [stage, { plateau, usl, sentence: summarize(measured, plateau, usl) }];
    }),
  );
}

function uslOf(steps: readonly SweepStep[], seed: number): UslResult {
  try {
    return fitUsl(steps, { seed });
  } catch (error) {
    if (error instanceof UslDataError) return { why: error.message };
    throw error;
  }
}
