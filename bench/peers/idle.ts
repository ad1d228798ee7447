/** The cost of ten thousand connections that do nothing. */
import type { LimitFigure } from "./limits.ts";
import { prepare } from "./rounds.ts";
import type { Workspace } from "./workspace.ts";

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

/** Loads two servers in turn: one with idle connections, and one without. */
export async function idleConnections(workspace: Workspace): Promise<LimitFigure[]> {
  await using plainServer = await workspace.start("htserver");
  await using idleServer = await workspace.start("htserver");
  await prepare(workspace.generator, plainServer, LOAD.keys);
  await prepare(workspace.generator, idleServer, LOAD.keys);
  const residentMb: number[] = [];
  const growthMb: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const without = await workspace.generator.run(plainServer, LOAD);
    const among = await workspace.generator.run(idleServer, { ...LOAD, idle: IDLE });
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
      cell: "10,000 idle connections: memory that they add",
      unit: "MB",
      values: growthMb,
      must: undefined,
      aim: undefined,
    },
    {
      cell: "10,000 idle connections: lookups of 50 active ones, relative to none idle",
      unit: "x",
      values: ratios,
      must: 0.8,
      aim: 0.95,
    },
  ];
}
