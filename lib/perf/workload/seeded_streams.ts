/** Random numbers that can be had again: from a seed that is printed. */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Gives a number from 0 to below 1. */
export type Fractions = () => number;

/**
 * Numbers from a seed (xoroshiro128+).
 *
 * @param seed of the run
 * @param stream a whole number: streams of one seed have nothing to do with each other (default 0)
 */
export function randomFractions(seed: number, stream: number = 0): Fractions {
  // Neighbouring seeds of this generator give similar first numbers: they are scattered first.
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

/** A seed for a run that was given none. */
export function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
