/** Random numbers that can be had again: from a seed that is printed. */

export { type Random, randomFrom } from "../../lib/base/random.ts";

/** The seed of a run: `SEED` where it is set; printed, so that a failure can be repeated. */
export function seedFor(what: string): number {
  const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 1e6));
  console.log(`${what}: SEED=${seed}`);
  return seed;
}
