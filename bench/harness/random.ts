/** Random numbers from a seed that is printed, so that a failed run can be repeated. */

export { type Random, randomFrom } from "../../lib/base/random.ts";

/** The seed of a run: the variable SEED, or else a random one. It is printed. */
export function seedFor(what: string): number {
  const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 1e6));
  console.log(`${what}: SEED=${seed}`);
  return seed;
}
