/** Random numbers that can be had again: from a seed that is printed. */

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A source of random numbers. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
}

/** The seed of a run: `SEED` where it is set; printed, so that a failure can be repeated. */
export function seedFor(what: string): number {
  const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 1e6));
  console.log(`${what}: SEED=${seed}`);
  return seed;
}

/** Numbers from a seed. */
export function randomFrom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  return { below: (limit) => uniformInt(generator, 0, limit - 1) };
}
