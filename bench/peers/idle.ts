/** What do ten thousand connections cost that do nothing? */
import type { LimitFigure } from "./limits.ts";
import { prepare } from "../harness/rounds.ts";
import type { Site } from "../harness/workspace.ts";

const IDLE = 10_000;
const ROUNDS = 3;
const LOAD = {
  connections: 50,
  inFlight: 1,
  inserts: 0,
  keys: 1_000,
  warmUpS: 0.3,
  durationS: 0.7,
} as const;

/** Loads two servers by turns: one that has them, and one that never had. */
export async function idleConnections(site: Site): Promise<LimitFigure[]> {
  await using quiet = await site.start("htserver");
  await using crowded = await site.start("htserver");
  await prepare(site.generator, quiet, LOAD.keys);
  await prepare(site.generator, crowded, LOAD.keys);
  const residentMb: number[] = [];
  const growthMb: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const without = await site.generator.run(quiet, LOAD);
    const among = await site.generator.run(crowded, { ...LOAD, idle: IDLE });
    residentMb.push(among.serverResidentBytes / 1e6);
    growthMb.push((among.serverResidentBytes - without.serverResidentBytes) / 1e6);
    ratios.push(among.perSecond / without.perSecond);
  }
  return [
    {
      cell: "10,000 idle connections: memory of the server",
      unit: "MB",
      values: residentMb,
      must: 200,
      aim: 120,
    },
    {
      cell: "the same, less that of a server without them",
      unit: "MB",
      values: growthMb,
      must: undefined,
      aim: undefined,
    },
    {
      cell: "50 active ones among them, lookups: against the same without the idle ones",
      unit: "x",
      values: ratios,
      must: 0.8,
      aim: 0.95,
    },
  ];
}
