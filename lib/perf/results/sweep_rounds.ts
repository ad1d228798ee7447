/** The sentence about the rounds of a sweep: how many were repeated, and how many are disturbed. */
import type { SweepData } from "./sweep_data.ts";

/**
 * A round is disturbed if a control is below this share of the usual speed. On a quiet machine, the
 * controls of a minute differ by 2%, and a slow stretch is at 40% to 75%.
 */
export const DISTURBED_SHARE = 0.8;

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
