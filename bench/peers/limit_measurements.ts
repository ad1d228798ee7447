/** The measurements of htserver alone: idle connections, a whole scan, ten million keys. */
import { RawClient } from "../harness/raw_client.ts";
import type { LimitFigure } from "./limits.ts";
import type { Peer } from "./peer.ts";
import { prepare } from "./rounds.ts";
import type { Workspace } from "./workspace.ts";

const ROUNDS = 3;

/** Connections that do nothing. */
const IDLE = 10_000;
const IDLE_LOAD = {
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
  await prepare(workspace.generator, plainServer, IDLE_LOAD.keys);
  await prepare(workspace.generator, idleServer, IDLE_LOAD.keys);
  const residentMb: number[] = [];
  const growthMb: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const without = await workspace.generator.run(plainServer, IDLE_LOAD);
    const among = await workspace.generator.run(idleServer, { ...IDLE_LOAD, idle: IDLE });
    residentMb.push(among.serverResidentBytes / 1e6);
    growthMb.push((among.serverResidentBytes - without.serverResidentBytes) / 1e6);
    ratios.push(among.perSecond / without.perSecond);
  }
  const cell = (what: string) => `10,000 idle connections: ${what}`;
  const lookups = cell("lookups of 50 active ones, relative to none idle");
  return [
    { cell: cell("memory of the server"), unit: "MB", values: residentMb, must: 200, aim: 120 },
    { cell: cell("memory that they add"), unit: "MB", values: growthMb },
    { cell: lookups, unit: "x", values: ratios, must: 0.8, aim: 0.95 },
  ];
}

const SCANNED_KEYS = 1_000_000;

/** A regex that matches one key in a hundred. */
const REGEX = "42$";
const MATCHES = SCANNED_KEYS / 100;

/** Scans the table several times. */
export async function wholeScan(workspace: Workspace): Promise<LimitFigure[]> {
  await using server = await workspace.start("htserver");
  await workspace.generator.preload(server, SCANNED_KEYS);
  const values: number[] = [];
  for (let round = 0; round < ROUNDS; round++) values.push(await scanS(server));
  const cell = `scan of 1,000,000 keys for \`${REGEX}\`, whole`;
  return [{ cell, unit: "s", values, must: 2, aim: 0.5 }];
}

/** The seconds from the request to the last byte of the reply. */
async function scanS({ port }: Peer): Promise<number> {
  using client = await RawClient.connect(port);
  const beganMs = performance.now();
  await client.send(`{"method":"scan","regex":"${REGEX}"}\n`);
  const reply = await client.line();
  if (reply === undefined) throw new Error("The server closed the connection during a scan");
  const tookS = (performance.now() - beganMs) / 1e3;
  const { result } = JSON.parse(reply) as { result?: unknown[] };
  if (result?.length === MATCHES) return tookS;
  throw new Error(`A scan found ${result?.length}, not ${MATCHES}: ${reply.slice(0, 100)}`);
}

const FEW = 1_000;
const MANY = 10_000_000;
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
