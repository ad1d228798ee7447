/** Measurements with noise, for tests of the analysis. */
import type { Random } from "../../bench/harness/random.ts";

/** Draws a number from the standard normal law (Box and Muller). */
export function normal(random: Random): number {
  const uniform = () => (random.below(2 ** 30) + 0.5) / 2 ** 30;
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Draws repeats of a quantity from a normal law; its standard deviation is a share of the quantity. */
export function noisyRepeats(
  value: number,
  noiseShare: number,
  repeats: number,
  random: Random,
): number[] {
  return Array.from({ length: repeats }, () => value * (1 + noiseShare * normal(random)));
}
