/** Does a table of ten million keys answer as fast as one of a thousand? */
import type { LimitFigure } from "./limits.ts";
import type { Peer } from "../harness/peer.ts";
import { prepare } from "../harness/rounds.ts";
import type { Site } from "../harness/workspace.ts";

const FEW = 1_000;
const MANY = 10_000_000;
const ROUNDS = 3;
const LOADS = [
  { name: "lookup, 50", connections: 50, inFlight: 1, inserts: 0 },
  { name: "insert, 50", connections: 50, inFlight: 1, inserts: 100 },
  { name: "lookup, 50 x 16", connections: 50, inFlight: 16, inserts: 0 },
  { name: "insert, 50 x 16", connections: 50, inFlight: 16, inserts: 100 },
] as const;

/** Loads one of each by turns. */
export async function manyKeys(site: Site): Promise<LimitFigure[]> {
  await using small = await site.start("htserver");
  await using large = await site.start("htserver");
  await prepare(site.generator, small, FEW);
  await prepare(site.generator, large, MANY);
  const figures: LimitFigure[] = [];
  for (const { name, ...load } of LOADS) {
    const values: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const perSecond = async (peer: Peer, keys: number) =>
        (await site.generator.run(peer, { ...load, keys, warmUpS: 0.15, durationS: 0.5 }))
          .perSecond;
      const few = await perSecond(small, FEW);
      values.push(await perSecond(large, MANY) / few);
    }
    const cell = `${name}, 10,000,000 keys: against 1,000 keys`;
    figures.push({ cell, unit: "x", values, must: 0.6, aim: 0.8 });
  }
  return figures;
}
