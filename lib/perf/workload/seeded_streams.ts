/** Random streams from a seed: the same seed results in the same numbers. */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Returns a number from 0 to below 1. */
export type Fractions = () => number;

/**
 * Creates a random stream from a seed (xoroshiro128+).
 *
 * @param seed of the run
 * @param stream a whole number: the streams of one seed are independent (default 0)
 */
export function randomFractions(seed: number, stream: number = 0): Fractions {
  // Neighboring seeds of this generator have similar first numbers, so the seed is scattered.
  const generator = xoroshiro128plus(scatterBits(scatterBits(seed) + stream));
  return () => uniformFloat64(generator);
}

/**
 * Scatters 32 bits, one to one (the last step of MurmurHash3, by Austin Appleby).
 *
 * @param bits a whole number; its lowest 32 bits count
 * @returns from 0 to 2 ** 32 - 1
 */
export function scatterBits(bits: number): number {
  let mixed = bits | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Creates a random seed, for a run without `--seed`. */
export function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
