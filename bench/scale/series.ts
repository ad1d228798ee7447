/** What grows, and how the load changes with it. */
import type { Load } from "../peers/generator.ts";
import type { PeerName } from "../peers/peer.ts";

/** One load of a series. */
export interface Point {
  /** How much of what grows. */
  readonly x: number;
  readonly operation: "lookup" | "insert";
  readonly load: Load;
}

/** One thing that grows. */
export interface Series {
  readonly name: string;
  readonly servers: readonly PeerName[];
  readonly points: readonly Point[];
}

const STAGE = { warmUpS: 0.2, durationS: 0.5 } as const;
const ONE_AT_A_TIME = { ...STAGE, connections: 50, inFlight: 1, keys: 100_000 } as const;
const PIPELINED = { ...STAGE, connections: 50, inFlight: 16, keys: 100_000 } as const;

/** So many keys that values of 1 MiB take 100 MB. */
const LARGE_VALUES = { ...STAGE, connections: 8, inFlight: 1, keys: 100 } as const;

/** With 1,000 requests waiting, a client that hardly reads fills the buffers on the way. */
const SLOW_READER = { ...STAGE, connections: 50, inFlight: 1, keys: 1_000, valueBytes: 10_000 };

/** All of them. */
export const SERIES: readonly Series[] = [
  {
    name: "connections",
    servers: ["htserver", "Redis", "Deno echo"],
    points: lookups(
      [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
      (connections) => ({ ...ONE_AT_A_TIME, connections, durationS: stageS(connections) }),
    ),
  },
  {
    name: "requests in flight",
    servers: ["htserver", "Redis", "Deno echo"],
    points: lookups([1, 2, 4, 8, 16, 32, 64], (inFlight) => ({ ...ONE_AT_A_TIME, inFlight })),
  },
  {
    name: "slow clients",
    servers: ["htserver", "Redis"],
    points: lookups([0, 1], (slow) => ({ ...SLOW_READER, slow })),
  },
  {
    name: "bytes of a value",
    servers: ["htserver", "Redis"],
    points: both(
      [10, 100, 1_000, 10_000, 100_000, 1_048_576],
      (valueBytes) => ({ ...LARGE_VALUES, valueBytes }),
    ),
  },
  {
    name: "keys",
    servers: ["htserver", "Redis"],
    points: both(
      [1_000, 10_000, 100_000, 1_000_000, 5_000_000, 10_000_000, 20_000_000],
      (keys) => ({ ...PIPELINED, keys }),
    ),
  },
];

/** Long enough for each connection to have its turn a few times. */
function stageS(connections: number): number {
  return connections < 1_000 ? STAGE.durationS : 1.5;
}

type Growing = (x: number) => Omit<Load, "inserts">;

function lookups(xs: readonly number[], load: Growing): Point[] {
  return xs.map((x) => ({ x, operation: "lookup", load: { ...load(x), inserts: 0 } }));
}

function both(xs: readonly number[], load: Growing): Point[] {
  return xs.flatMap((x) => [
    { x, operation: "lookup", load: { ...load(x), inserts: 0 } },
    { x, operation: "insert", load: { ...load(x), inserts: 100 } },
  ]);
}
