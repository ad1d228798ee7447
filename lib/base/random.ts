/** Random numbers that can be had again: from a seed. */

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A source of random numbers. */
export interface Random {
  /** A whole number from 0 to below `limit`, each as likely. */
  below(limit: number): number;
}

/** Numbers thrown away at first: those of seeds that are alike are alike there. */
const WARM_UP = 64;

/** Numbers from a whole number as seed: the same ones for the same seed, on every machine. */
export function randomFrom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  for (let i = 0; i < WARM_UP; i++) generator.next();
  return { below: (limit) => uniformInt(generator, 0, limit - 1) };
}
