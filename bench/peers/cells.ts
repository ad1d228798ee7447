/** The cells of the comparison: an operation and a number of connections, of one server and its rivals. */
import type { PeerName } from "./peer.ts";

/** A server to compare with, and the ratios to reach; without ratios, it is for information. */
export interface Rival {
  readonly peer: PeerName;
  /** The throughput to reach, as a multiple of the rival's. */
  readonly must?: number;
  readonly aim?: number;
  /** Whether the quick run measures it too. */
  readonly isQuick: boolean;
}

/** A kind of load. */
export interface Cell {
  readonly name: string;
  /** Percent of the requests; the others are lookups. */
  readonly inserts: number;
  readonly connections: number;
  readonly inFlight: number;
  /** The server that is compared with the rivals. */
  readonly subject: PeerName;
  readonly rivals: readonly Rival[];
}

type Targets = readonly [must: number, aim: number];

const AGAINST_ECHO: Targets = [0.85, 0.95];
const AGAINST_REDIS = {
  one: [0.6, 0.8],
  many: [0.75, 1],
  pipelined: [0.8, 1.2],
  durable: [1, 1.5],
  durableMix: [1.2, 3],
} as const satisfies Record<string, Targets>;
const AGAINST_PYTHON = {
  one: [1.3, 2],
  pipelined: [5, 10],
  durable: [8, 20],
} as const satisfies Record<string, Targets>;

/** All cells. */
export const CELLS: readonly Cell[] = [
  lookups(1, 1, quick("Deno echo", AGAINST_ECHO), quick("Redis", AGAINST_REDIS.one)),
  lookups(8, 1, full("Deno echo", AGAINST_ECHO), full("Redis")),
  lookups(
    50,
    1,
    quick("Deno echo", AGAINST_ECHO),
    quick("Redis", AGAINST_REDIS.many),
    quick("Python", AGAINST_PYTHON.one),
  ),
  lookups(200, 1, full("Deno echo", AGAINST_ECHO), full("Redis", AGAINST_REDIS.many)),
  lookups(
    50,
    16,
    full("Deno echo"),
    quick("Redis", AGAINST_REDIS.pipelined),
    quick("Python", AGAINST_PYTHON.pipelined),
  ),
  inserts(1, 1, full("Redis", AGAINST_REDIS.one)),
  inserts(50, 1, quick("Redis", AGAINST_REDIS.many)),
  inserts(200, 1, full("Redis", AGAINST_REDIS.many)),
  inserts(50, 16, quick("Redis", AGAINST_REDIS.pipelined)),
  durable(100, 1, quick("Redis, durable", AGAINST_REDIS.durable)),
  durable(
    100,
    50,
    quick("Redis, durable", AGAINST_REDIS.durable),
    quick("Python, durable", AGAINST_PYTHON.durable),
  ),
  durable(100, 200, full("Redis, durable", AGAINST_REDIS.durable)),
  durable(10, 50, quick("Redis, durable", AGAINST_REDIS.durableMix)),
];

/** The cells of the quick run. */
export const QUICK_CELLS: readonly Cell[] = CELLS
  .map((cell) => ({ ...cell, rivals: cell.rivals.filter(({ isQuick }) => isQuick) }))
  .filter(({ rivals }) => rivals.length > 0);

/** The quick cells, with an earlier version of htserver as the only rival. */
export const EARLIER_CELLS: readonly Cell[] = QUICK_CELLS.map((cell) => ({
  ...cell,
  rivals: [{
    peer: cell.subject === "htserver" ? "htserver, earlier" : "htserver, durable, earlier",
    isQuick: true,
  }],
}));

/** The servers of a cell. */
export function peersOf({ subject, rivals }: Cell): PeerName[] {
  return [subject, ...rivals.map(({ peer }) => peer)];
}

function lookups(connections: number, inFlight: number, ...rivals: Rival[]): Cell {
  const name = nameOf("lookup", connections, inFlight);
  return { name, inserts: 0, connections, inFlight, subject: "htserver", rivals };
}

function inserts(connections: number, inFlight: number, ...rivals: Rival[]): Cell {
  const name = nameOf("insert", connections, inFlight);
  return { name, inserts: 100, connections, inFlight, subject: "htserver", rivals };
}

function durable(inserts: number, connections: number, ...rivals: Rival[]): Cell {
  const what = inserts === 100 ? "durable insert" : `durable, ${inserts}% inserts`;
  const name = nameOf(what, connections, 1);
  return { name, inserts, connections, inFlight: 1, subject: "htserver, durable", rivals };
}

function nameOf(what: string, connections: number, inFlight: number): string {
  return `${what}, ${connections}${inFlight > 1 ? ` x ${inFlight}` : ""}`;
}

function quick(peer: PeerName, targets?: Targets): Rival {
  return rival(peer, true, targets);
}

function full(peer: PeerName, targets?: Targets): Rival {
  return rival(peer, false, targets);
}

function rival(peer: PeerName, isQuick: boolean, targets?: Targets): Rival {
  return targets ? { peer, isQuick, must: targets[0], aim: targets[1] } : { peer, isQuick };
}
