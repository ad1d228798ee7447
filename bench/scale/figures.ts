/** The figures of a measured point that tables and pictures show. */
import type { PeerName } from "../peers/peer.ts";
import type { FigureRounds } from "../peers/raw_data.ts";

/** One server under the load of one point, as in the raw data. */
export interface ScalePoint extends FigureRounds {
  /** Name of the series. */
  readonly series: string;
  readonly server: PeerName;
  /** Distinguishes points with the same x. */
  readonly variant: string;
  readonly x: number;
  readonly valueBytes: number;
  /** The reason that there are no rounds, or fewer. */
  readonly problem?: string;
}

/** A figure. */
export interface Figure {
  /** For an axis. */
  readonly title: string;
  readonly unit: string;
  /** One value for each round. */
  readonly values: (point: ScalePoint) => readonly number[];
}

/** The names of the figures. */
export type FigureName = "throughput" | "byCpu" | "dataRate" | "p99" | "memory";

/** All figures. */
export const FIGURES: Readonly<Record<FigureName, Figure>> = {
  throughput: {
    title: "Throughput",
    unit: "1,000 requests/s",
    values: ({ perSecond }) => perSecond.map((count) => count / 1e3),
  },
  byCpu: {
    title: "Requests by processor time",
    unit: "1,000 per s of it",
    // Other programs on the machine change it less than the throughput.
    values: ({ perSecond, serverCpu }) =>
      perSecond.map((count, round) => count / (serverCpu[round] ?? NaN) / 1e3),
  },
  dataRate: {
    title: "Data rate",
    unit: "MB/s",
    values: ({ perSecond, valueBytes }) => perSecond.map((count) => count * valueBytes / 1e6),
  },
  p99: {
    title: "99th percentile of latency",
    unit: "ms",
    values: ({ p99Us }) => p99Us.map((us) => us / 1e3),
  },
  memory: {
    title: "Resident memory",
    unit: "MB",
    // Only the first round, in which x grows. Later rounds include memory kept from larger points.
    values: ({ serverResidentBytes }) => serverResidentBytes.slice(0, 1).map((size) => size / 1e6),
  },
};
