/** Measurements with noise, for tests of what reads them. */
import type { Random } from "../../bench/harness/random.ts";

/** A number from the standard normal law (Box and Muller). */
export function normal(random: Random): number {
  const uniform = () => (random.below(2 ** 30) + 0.5) / 2 ** 30;
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Repeats of a quantity: normal, with a standard deviation that is a share of it. */
export function noisyRepeats(
  value: number,
  noiseShare: number,
  repeats: number,
  random: Random,
): number[] {
  return Array.from({ length: repeats }, () => value * (1 + noiseShare * normal(random)));
}
