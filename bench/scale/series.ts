/** The series: a quantity that grows, the load at each of its values, and the pictures. */
import type { Scale } from "../../lib/plot/description.ts";
import type { Load } from "../load/generator.ts";
import type { PeerName } from "../peers/peer.ts";
import type { FigureName } from "./figures.ts";

/** One load of a series, for some servers. */
export interface Point {
  /** The value of the quantity. */
  readonly x: number;
  /** Distinguishes points with the same x. */
  readonly variant: string;
  readonly servers: readonly PeerName[];
  readonly load: Load;
}

/** One quantity that grows. */
export interface Series {
  /** For the command line, file names and the document. */
  readonly name: string;
  /** The quantity, for axes and headings. */
  readonly what: string;
  readonly unit: string;
  readonly scale: Scale;
  /** No round starts that would end later, except the first; in seconds. */
  readonly maxS: number;
  readonly points: readonly Point[];
  readonly pictures: readonly Picture[];
}

/** A picture of one figure of a series. */
export interface Picture {
  readonly figure: FigureName;
  readonly title: string;
  readonly scale: Scale;
}

const ALL: readonly PeerName[] = ["htserver", "Redis", "Deno echo"];
const TABLES: readonly PeerName[] = ["htserver", "Redis"];
const ECHO: readonly PeerName[] = ["Deno echo"];

const STAGE = { warmUpS: 0.15, durationS: 0.4 } as const;

/** Long enough for several requests of each of thousands of connections. */
const LONG_STAGE = { warmUpS: 0.3, durationS: 1 } as const;

const ONE_AT_A_TIME = { ...STAGE, connections: 50, inFlight: 1, keys: 100_000 } as const;
const PIPELINED = { ...STAGE, connections: 50, inFlight: 16 } as const;

/** Values of 1 MiB take 100 MB then. */
const LARGE_VALUES = { ...STAGE, connections: 8, inFlight: 1, keys: 100 } as const;

/** The 1,000 requests of a slow client ask for 10 MB of replies. */
const BESIDE_SLOW = { ...STAGE, connections: 50, inFlight: 1, keys: 1_000, valueBytes: 10_000 };

/** All series; together they take less than 10 minutes. */
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
      // 400 KB/s: a fast connection reads as much in a tenth of a second.
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
        // A lookup of an echo would not contain the value.
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
          // It has no table, so its line shows the drift of the machine.
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

/** The series with its three smallest values only, and one short stage for each load. */
export function quickSeries(series: Series): Series {
  const smallest = [...new Set(series.points.map(({ x }) => x))].slice(0, 3);
  const points = series.points.filter(({ x }) => smallest.includes(x)).map((point) => ({
    ...point,
    load: { ...point.load, warmUpS: 0.05, durationS: 0.1 },
  }));
  return { ...series, points };
}
