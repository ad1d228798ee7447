/** What grows, how the load changes with it, and which pictures show it. */
import type { Scale } from "../../lib/plot/description.ts";
import type { Load } from "../harness/generator.ts";
import type { PeerName } from "../harness/peer.ts";
import type { FigureName } from "./figures.ts";

/** One load of a series, for each of its servers. */
export interface Point {
  /** How much of what grows. */
  readonly x: number;
  /** What tells it from other points with the same x. */
  readonly variant: string;
  readonly servers: readonly PeerName[];
  readonly load: Load;
}

/** One thing that grows. */
export interface Series {
  /** On the command line, in the names of files and in the document. */
  readonly name: string;
  /** What grows, for axes and headings. */
  readonly what: string;
  readonly unit: string;
  readonly scale: Scale;
  /** No round begins that would end later than this, except the first. */
  readonly maxS: number;
  readonly points: readonly Point[];
  readonly pictures: readonly Picture[];
}

/** One figure of a series over what grows. */
export interface Picture {
  readonly figure: FigureName;
  readonly title: string;
  readonly scale: Scale;
}

const ALL: readonly PeerName[] = ["htserver", "Redis", "Deno echo"];
const TABLES: readonly PeerName[] = ["htserver", "Redis"];
const ECHO: readonly PeerName[] = ["Deno echo"];

const STAGE = { warmUpS: 0.15, durationS: 0.4 } as const;

/** Long enough for each of thousands of connections to have its turn a few times. */
const LONG_STAGE = { warmUpS: 0.3, durationS: 1 } as const;

const ONE_AT_A_TIME = { ...STAGE, connections: 50, inFlight: 1, keys: 100_000 } as const;
const PIPELINED = { ...STAGE, connections: 50, inFlight: 16 } as const;

/** So many keys that values of 1 MiB take 100 MB. */
const LARGE_VALUES = { ...STAGE, connections: 8, inFlight: 1, keys: 100 } as const;

/** With 1,000 requests of a slow client waiting, 10 MB of replies are due to it. */
const BESIDE_SLOW = { ...STAGE, connections: 50, inFlight: 1, keys: 1_000, valueBytes: 10_000 };

/** All of them; together they take less than 10 minutes. */
export const SERIES: readonly Series[] = [
  {
    name: "connections",
    what: "Connections",
    unit: "count",
    scale: "log",
    maxS: 150,
    points: [1, 10, 50, 200, 1_000, 3_000, 10_000].map((connections) => ({
      x: connections,
      variant: "lookup",
      servers: ALL,
      load: {
        ...ONE_AT_A_TIME,
        ...(connections < 1_000 ? STAGE : LONG_STAGE),
        connections,
        inserts: 0,
      },
    })),
    pictures: [
      {
        figure: "throughput",
        title: "Lookups by many connections, one at a time",
        scale: "linear",
      },
      { figure: "byCpu", title: "Lookups by many connections, for their cost", scale: "linear" },
      { figure: "p99", title: "Latency of lookups by many connections", scale: "log" },
      { figure: "memory", title: "Memory of a server with many connections", scale: "log" },
    ],
  },
  {
    name: "in-flight",
    what: "Requests in flight of each connection",
    unit: "count",
    scale: "log",
    maxS: 65,
    points: [1, 2, 4, 8, 16, 32, 64].map((inFlight) => ({
      x: inFlight,
      variant: "lookup",
      servers: ALL,
      load: { ...ONE_AT_A_TIME, inFlight, inserts: 0 },
    })),
    pictures: [
      { figure: "throughput", title: "Lookups by 50 connections, many at a time", scale: "log" },
      { figure: "p99", title: "Latency of lookups, many at a time", scale: "log" },
    ],
  },
  {
    name: "slow-clients",
    what: "Slow clients beside 50 fast ones",
    unit: "count",
    scale: "linear",
    maxS: 55,
    points: [0, 1, 4, 10].flatMap((slow) => [
      besideSlow(slow, "they never read", 0),
      // 400 KB/s, where the fast ones take more than that each in a tenth of the time.
      besideSlow(slow, "they read slowly", 4_096),
    ]),
    pictures: [
      {
        figure: "throughput",
        title: "Lookups of 10 kB by fast clients beside slow ones",
        scale: "linear",
      },
      {
        figure: "byCpu",
        title: "Lookups by fast clients beside slow ones, for their cost",
        scale: "linear",
      },
      { figure: "p99", title: "Latency of fast clients beside slow ones", scale: "log" },
      { figure: "memory", title: "Memory of a server with slow clients", scale: "linear" },
    ],
  },
  {
    name: "value-size",
    what: "Size of a value",
    unit: "bytes",
    scale: "log",
    maxS: 75,
    points: [10, 100, 1_000, 10_000, 100_000, 1_048_576].flatMap((valueBytes) => {
      const load = { ...LARGE_VALUES, valueBytes };
      return [
        { x: valueBytes, variant: "lookup", servers: TABLES, load: { ...load, inserts: 0 } },
        // An echo's lookup would not have the value in it.
        { x: valueBytes, variant: "insert", servers: ALL, load: { ...load, inserts: 100 } },
      ];
    }),
    pictures: [
      { figure: "throughput", title: "Requests with larger and larger values", scale: "log" },
      {
        figure: "byCpu",
        title: "Requests with larger and larger values, for their cost",
        scale: "log",
      },
      { figure: "dataRate", title: "Bytes of values that come through", scale: "log" },
    ],
  },
  {
    name: "keys",
    what: "Keys in the table",
    unit: "count",
    scale: "log",
    maxS: 235,
    points: [1_000, 10_000, 100_000, 1_000_000, 4_000_000, 20_000_000].flatMap(
      (keys) => {
        const load = { ...PIPELINED, keys };
        return [
          { x: keys, variant: "lookup", servers: TABLES, load: { ...load, inserts: 0 } },
          { x: keys, variant: "insert", servers: TABLES, load: { ...load, inserts: 100 } },
          // It has no table: what moves here is the machine.
          { x: keys, variant: "no table", servers: ECHO, load: { ...load, inserts: 0 } },
        ];
      },
    ),
    pictures: [
      {
        figure: "throughput",
        title: "Requests to larger and larger tables, 50 connections x 16",
        scale: "log",
      },
      {
        figure: "byCpu",
        title: "Requests to larger and larger tables, for their cost",
        scale: "log",
      },
      { figure: "p99", title: "Latency with larger and larger tables", scale: "log" },
      { figure: "memory", title: "Memory of a server with larger and larger tables", scale: "log" },
    ],
  },
];

function besideSlow(slow: number, variant: string, slowBytes: number): Point {
  return {
    x: slow,
    variant,
    servers: TABLES,
    load: { ...BESIDE_SLOW, slow, slowBytes, inserts: 0 },
  };
}
