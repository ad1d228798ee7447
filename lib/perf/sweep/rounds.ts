/** The rounds of a sweep in memory, and the choice of those that count. */
import type { Random } from "../../base/random.ts";
import type { StageData } from "../measure/stage_data.ts";
import type { ControlData, RoundData, StepData } from "../results/sweep_data.ts";
import { DISTURBED_SHARE } from "../results/sweep_rounds.ts";
import { type ControlHistory, meanControl } from "./control_history.ts";

/** One run of a step. */
interface StepRun {
  readonly clients: number;
  readonly stages: readonly StageData[];
}

/** A round, or the runs that find the range. */
export interface Round {
  /** In time order. */
  readonly runs: StepRun[];
  readonly startedUnixMs: number;
  readonly controls: ControlData[];
}

/** Collects the steps of some rounds, in ascending order of clients. */
export function stepsOf(rounds: readonly Round[]): StepData[] {
  const byClients = Map.groupBy(rounds.flatMap(({ runs }) => runs), ({ clients }) => clients);
  return [...byClients]
    .map(([clients, runs]) => ({ clients, repeats: runs.map(({ stages }) => stages) }))
    .toSorted((a, b) => a.clients - b.clients);
}

/** Lists the rounds that are not disturbed. */
export function undisturbed(rounds: readonly Round[], controls: ControlHistory): Round[] {
  return rounds.filter((round) => controls.meanShare(round.controls) >= DISTURBED_SHARE);
}

/**
 * Chooses the rounds that count, and collects their results.
 *
 * @param finding the runs that found the range, which count until a first round is whole
 * @param size steps of a whole round
 * @param count whole rounds that count, at most: those with the fastest machine
 */
export function collectResults(
  finding: Round,
  rounds: readonly Round[],
  size: number,
  count: number,
  controls: ControlHistory,
): { steps: StepData[]; rounds: RoundData[] } {
  const share = ({ controls: own }: Round) => controls.meanShare(own);
  const whole = rounds.filter(({ runs }) => runs.length === size);
  const best = whole.toSorted((a, b) => share(b) - share(a)).slice(0, count);
  // The last round of a sweep that ended early is not whole.
  const isLast = (round: Round) => round === rounds.at(-1) && round.runs.length < size;
  const counted = rounds.filter((round) =>
    best.length === 0 || best.includes(round) || isLast(round)
  );
  return {
    steps: stepsOf([...(best.length === 0 ? [finding] : []), ...counted]),
    rounds: rounds.filter(({ runs }) => runs.length > 0).map((round) => ({
      order: round.runs.map(({ clients }) => clients),
      startedUnixMs: round.startedUnixMs,
      control: meanControl(round.controls),
      controlShare: share(round),
      isKept: counted.includes(round),
    })),
  };
}

/** Puts values into a random order (Fisher and Yates). */
export function shuffle<Value>(values: readonly Value[], random: Random): Value[] {
  const rest = [...values];
  return values.flatMap(() => rest.splice(random.below(rest.length), 1));
}
