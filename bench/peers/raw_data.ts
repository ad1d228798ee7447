/** Raw data in a short JSON form: an array of rounds for each figure. */
import type { LoadResult } from "../load/generator.ts";
import type { Stage } from "./rounds.ts";

/** The rounds of each figure. */
export type FigureRounds = { readonly [Figure in keyof LoadResult]: readonly number[] };

/** The rounds of one server in one cell. */
export interface StageColumns extends FigureRounds {
  readonly cell: string;
  readonly peer: string;
  readonly round: readonly number[];
}

/** Groups stages by cell and server. */
export function columnsOf(stages: readonly Stage[]): StageColumns[] {
  const groups = Map.groupBy(stages, ({ cell, peer }) => JSON.stringify([cell, peer]));
  return [...groups.values()].map((group) => {
    const [{ cell, peer }] = group as [Stage]; // A group is never empty.
    const round = group.map(({ round }) => round);
    return { cell, peer, round, ...figuresByName(group.map(({ result }) => result)) };
  });
}

const FIGURES = [
  ...["perSecond", "p50Us", "p99Us", "p999Us", "maxUs"] as const,
  ...["loadBusy", "serverCpu", "serverResidentBytes"] as const,
] satisfies readonly (keyof LoadResult)[];

/** Computes something for each figure. */
export function forEachFigure<Result>(
  of: (figure: keyof LoadResult) => Result,
): Record<keyof LoadResult, Result> {
  const entries = FIGURES.map((figure) => [figure, of(figure)] as const);
  return Object.fromEntries(entries) as Record<keyof LoadResult, Result>;
}

/** Groups figures by their names. */
export function figuresByName(results: readonly LoadResult[]): FigureRounds {
  return forEachFigure((figure) => results.map((result) => result[figure]));
}
