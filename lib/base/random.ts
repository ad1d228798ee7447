/** Random numbers that a seed reproduces. */

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A source of random numbers. */
export interface Random {
  /** An integer from 0 to `limit - 1`, all equally likely. */
  below(limit: number): number;
}

/** First numbers that are dropped: they are similar for similar seeds. */
const WARM_UP = 64;

/** Creates a source from an integer. The same seed gives the same numbers on every machine. */
export function randomFrom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  for (let i = 0; i < WARM_UP; i++) generator.next();
  return { below: (limit) => uniformInt(generator, 0, limit - 1) };
}
