/** The time of a whole scan of a million keys. */
import { RawClient } from "../harness/raw_client.ts";
import type { LimitFigure } from "./limits.ts";
import type { Peer } from "./peer.ts";
import type { Workspace } from "./workspace.ts";

const KEYS = 1_000_000;
const ROUNDS = 3;

/** A regex that matches one key in a hundred. */
const REGEX = "42$";
const MATCHES = KEYS / 100;

/** Scans the table several times. */
export async function wholeScan(workspace: Workspace): Promise<LimitFigure[]> {
  await using server = await workspace.start("htserver");
  await workspace.generator.preload(server, KEYS);
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
