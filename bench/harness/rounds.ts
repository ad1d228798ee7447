/** Rounds of measurements: each round measures everything once, so that the machine's drift affects all alike. */
import type { Problems } from "./problems.ts";
import type { Random } from "./random.ts";

/** The plan of the rounds. A cell is a kind of load, under which several contenders are compared. */
export interface RoundPlan<Cell extends { readonly name: string }, Name extends string> {
  readonly cells: readonly Cell[];
  /** The contenders of a cell. */
  namesOf(cell: Cell): readonly Name[];
  readonly rounds: number;
  /** By `performance.now()`. A round that would end later is left out, except the first. */
  readonly endMs: number;
  /** Chooses the order. */
  readonly random: Random;
}

/**
 * Runs all rounds. A round has all cells, and a cell all its contenders, both in random order. A
 * contender that fails is left out from then on.
 *
 * @param measure measures a contender in a cell, and keeps the result
 * @param problems receives the contenders that failed, and the rounds that there was no time for
 * @param signal ends the rounds
 * @param onRound called with the number of each finished round
 */
export async function interleave<Cell extends { readonly name: string }, Name extends string>(
  { cells, namesOf, rounds, endMs, random }: RoundPlan<Cell, Name>,
  measure: (cell: Cell, name: Name, round: number) => Promise<void>,
  problems: Problems,
  signal: AbortSignal,
  onRound: (round: number) => void,
): Promise<void> {
  const failed = new Set<Name>();
  for (let round = 1; round <= rounds; round++) {
    const beganMs = performance.now();
    for (const cell of shuffled(cells, random)) {
      for (const name of shuffled(namesOf(cell), random)) {
        if (failed.has(name)) continue;
        try {
          await measure(cell, name, round);
        } catch (error) {
          problems.add(signal.aborted ? `round ${round}` : `${name}, ${cell.name}`, error, signal);
          if (signal.aborted) return;
          failed.add(name);
        }
      }
    }
    onRound(round);
    const tookMs = performance.now() - beganMs;
    if (performance.now() + tookMs > endMs) break;
  }
}

/** The items in random order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}
