/** The throughput with ten million keys, relative to that with a thousand. */
import type { LimitFigure } from "./limits.ts";
import type { Peer } from "./peer.ts";
import { prepare } from "./rounds.ts";
import type { Workspace } from "./workspace.ts";

const FEW = 1_000;
const MANY = 10_000_000;
const ROUNDS = 3;
const LOADS = [
  { name: "lookup, 50", connections: 50, inFlight: 1, inserts: 0 },
  { name: "insert, 50", connections: 50, inFlight: 1, inserts: 100 },
  { name: "lookup, 50 x 16", connections: 50, inFlight: 16, inserts: 0 },
  { name: "insert, 50 x 16", connections: 50, inFlight: 16, inserts: 100 },
] as const;

/** Loads a small and a large table in turn. */
export async function manyKeys(workspace: Workspace): Promise<LimitFigure[]> {
  await using small = await workspace.start("htserver");
  await using large = await workspace.start("htserver");
  await prepare(workspace.generator, small, FEW);
  await prepare(workspace.generator, large, MANY);
  const figures: LimitFigure[] = [];
  for (const { name, ...load } of LOADS) {
    const values: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const perSecond = async (peer: Peer, keys: number) =>
        (await workspace.generator.run(peer, { ...load, keys, warmUpS: 0.15, durationS: 0.5 }))
          .perSecond;
      const few = await perSecond(small, FEW);
      values.push(await perSecond(large, MANY) / few);
    }
    const cell = `${name}, 10,000,000 keys: against 1,000 keys`;
    figures.push({ cell, unit: "x", values, must: 0.6, aim: 0.8 });
  }
  return figures;
}
