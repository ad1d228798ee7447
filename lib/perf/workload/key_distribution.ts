/**
 * The distribution of the keys that operations choose: uniform, or Zipf.
 *
 * Zipf: rank k of n has a probability proportional to 1 / k ** theta. The method is
 * rejection-inversion (W. Hoermann, G. Derflinger: Rejection-inversion to generate variates from
 * monotone discrete distributions, ACM TOMACS 6(3), 1996). It is exact for any theta above 0, in
 * constant time and memory for any n.
 */
import type { KeyDistribution } from "../../config/workload_flags.ts";
import type { Fractions } from "./seeded_streams.ts";

/** Returns the number of a key, from 0 to below the number of keys. */
export type KeyChoice = () => number;

/**
 * Creates a random choice of keys.
 *
 * @param count number of keys, at least 1
 * @param fraction source of randomness
 */
export function createKeyChoice(
  distribution: KeyDistribution,
  count: number,
  fraction: Fractions,
): KeyChoice {
  if (!(count >= 1)) {
    throw new RangeError(`At least one key is needed to choose from, got ${count}`);
  }
  return distribution.kind === "uniform"
    ? () => Math.floor(fraction() * count)
    : zipf(count, distribution.theta, fraction);
}

/** Formats a distribution as on the command line: `uniform`, `zipf:0.99`. */
export function distributionText(distribution: KeyDistribution): string {
  return distribution.kind === "uniform" ? "uniform" : `zipf:${distribution.theta}`;
}

/** Key 0 is the most frequent one. Names are those of the paper: H is the integral of density h. */
function zipf(count: number, theta: number, fraction: Fractions): KeyChoice {
  const h = (x: number) => Math.exp(-theta * Math.log(x));
  const H = (x: number) => {
    const logX = Math.log(x);
    return expm1OverX((1 - theta) * logX) * logX;
  };
  const inverseOfH = (area: number) => {
    // Rounding can result in a value just below -1, which has no logarithm.
    return Math.exp(log1pOverX(Math.max(area * (1 - theta), -1)) * area);
  };
  const first = H(1.5) - 1;
  const last = H(count + 0.5);
  const squeeze = 2 - inverseOfH(H(2.5) - h(2));
  return () => {
    for (;;) {
      const area = last + fraction() * (first - last);
      const x = inverseOfH(area);
      const rank = Math.min(Math.max(Math.round(x), 1), count);
      if (rank - x <= squeeze || area >= H(rank + 0.5) - h(rank)) return rank - 1;
    }
  };
}

/** `expm1(x) / x`, also near 0. */
function expm1OverX(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.expm1(x) / x : 1 + x / 2;
}

/** `log1p(x) / x`, also near 0. */
function log1pOverX(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.log1p(x) / x : 1 - x / 2;
}
