/** The range of a sweep: its numbers of clients, and how many of them it needs. */
import { findPlateau, PLATEAU_STEPS } from "../analysis/plateau.ts";
import { median } from "../analysis/statistics.ts";
import { errorCount, opsPerSecond, type StageData } from "../measure/stage_data.ts";
import { stagesIn, sweepSteps } from "../results/sweep_analysis.ts";
import type { StepData } from "../results/sweep_data.ts";

/**
 * Minimum number of steps of a sweep: a fit of the Universal Scalability Law needs four, and often
 * leaves out the first one.
 */
export const MIN_STEPS = 5;

/**
 * A step of single runs raises throughput if it is higher by more than this share. Their noise is
 * unknown, and on a quiet machine about 2%. A larger share would miss a rise that the rounds then find,
 * and the rounds of a longer range take more time than a few more steps.
 */
const RISE = 0.03;

/** Maximum time by which a stage of scans may exceed its plan, in seconds (with `--ops`). */
export const SLOW_STAGE_S = 10;

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
 * Whether single runs show no rise in any stage of the last step: neither of the last two steps exceeds
 * the one before them. (Both are compared with that one, so that a slow rise is not a plateau.) Of
 * several runs of a step, the fastest counts, because other programs only make runs slower.
 */
export function seemsToLevelOut(steps: readonly StepData[]): boolean {
  return stagesIn(steps.slice(-1)).every((stage) => {
    const speeds = steps.map(({ repeats }) =>
      Math.max(
        0,
        ...repeats.flat().filter((data) => data.stage === stage)
          .map(({ sum }) => opsPerSecond(sum)),
      )
    );
    return speeds.slice(0, -PLATEAU_STEPS).some((speed, at) =>
      speeds.slice(at + 1).every((later) => later <= speed * (1 + RISE))
    );
  });
}

/**
 * Whether the range is too short to show a plateau of every stage of its last step: no plateau is
 * found, and less than two steps follow the highest one.
 */
export function needsMoreSteps(steps: readonly StepData[]): boolean {
  return stagesIn(steps.slice(-1)).some((stage) => {
    const measured = sweepSteps(steps, stage);
    if (findPlateau(measured) !== undefined) return false;
    const speeds = measured.map((step) => median(step.opsPerSecond));
    return speeds.indexOf(Math.max(...speeds)) >= speeds.length - PLATEAU_STEPS;
  });
}

/**
 * Computes how many clients may scan after a run. Each scan reads the whole table: with a large one and
 * many clients, a stage of scans has no result, or does not end.
 */
export function maxScanClients(
  clients: number,
  stages: readonly StageData[],
  stageSeconds: number,
): number {
  const sum = stages.find(({ stage }) => stage === "scan")?.sum;
  if (sum === undefined) return Infinity;
  if (sum.ops === 0 && errorCount(sum.errors) === 0) return clients - 1;
  return sum.seconds >= stageSeconds + SLOW_STAGE_S ? clients : Infinity;
}
