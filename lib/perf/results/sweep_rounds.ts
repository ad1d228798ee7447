/** The sentence about the rounds of a sweep: how many were repeated, and how many are disturbed. */
import type { SweepData } from "./sweep_data.ts";

/**
 * A round is disturbed if the mean of its controls is below this share of the usual speed. On a quiet
 * machine, the mean is above 95%. One run at a tenth of the speed is enough to disturb a round of seven
 * steps; one at half of the speed is not, because the median of the repeats ignores it.
 */
export const DISTURBED_SHARE = 0.9;

/** Describes the rounds in one sentence; undefined if the sweep has none. */
export function roundsSentence(
  { rounds = [], steps }: Pick<SweepData, "rounds" | "steps">,
): string | undefined {
  const kept = rounds.filter(({ isKept }) => isKept);
  if (kept.length === 0) return undefined;
  // Rounds before an extension of the range have less steps.
  const repeated = rounds.filter(({ isKept, order }) => !isKept && order.length === steps.length);
  const disturbed = kept.filter(({ controlShare }) => controlShare < DISTURBED_SHARE);
  const shares = (of: typeof rounds) =>
    of.map(({ controlShare }) => `${Math.round(100 * controlShare)}%`).join(", ");
  const parts = [
    `Each step has one run in each of ${roundsText(kept.length)}, in random order`,
    ...(repeated.length === 0 ? [] : [
      `repeated, because the machine was slow: ${roundsText(repeated.length)} (${
        shares(repeated)
      } of its usual speed)`,
    ]),
    ...(disturbed.length === 0 ? [] : [
      `disturbed by a slow machine, but counted: ${roundsText(disturbed.length)} (${
        shares(disturbed)
      } of its usual speed)`,
    ]),
  ];
  return `${parts.join("; ")}.`;
}

function roundsText(count: number): string {
  return `${count} round${count === 1 ? "" : "s"}`;
}
