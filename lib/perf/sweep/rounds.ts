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

/** Chooses `count` rounds, those with the fastest machine, in time order. */
export function bestRounds(
  rounds: readonly Round[],
  count: number,
  controls: ControlHistory,
): Round[] {
  const shares = new Map(rounds.map((round) => [round, controls.meanShare(round.controls)]));
  const share = (round: Round) => shares.get(round) ?? 0;
  const best = new Set(rounds.toSorted((a, b) => share(b) - share(a)).slice(0, count));
  return rounds.filter((round) => best.has(round));
}

/** Makes the raw data of a round. */
export function roundData(round: Round, controls: ControlHistory, isKept: boolean): RoundData {
  const { runs, startedUnixMs } = round;
  return {
    order: runs.map(({ clients }) => clients),
    startedUnixMs,
    control: meanControl(round.controls),
    controlShare: controls.meanShare(round.controls),
    isKept,
  };
}

/** Puts values into a random order (Fisher and Yates). */
export function shuffle<Value>(values: readonly Value[], random: Random): Value[] {
  const rest = [...values];
  return values.flatMap(() => rest.splice(random.below(rest.length), 1));
}
