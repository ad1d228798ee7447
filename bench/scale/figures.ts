/** What is shown of a measured point: which figure, in which unit, of which rounds. */
import type { PeerName } from "../harness/peer.ts";
import type { FigureRounds } from "../harness/raw_data.ts";

/** One server under the load of one point, as it is in the raw data. */
export interface ScalePoint extends FigureRounds {
  /** Name of the series. */
  readonly series: string;
  readonly server: PeerName;
  /** What tells it from other points with the same x. */
  readonly variant: string;
  readonly x: number;
  readonly valueBytes: number;
  /** Why there are no rounds, or fewer. */
  readonly problem?: string;
}

/** A figure for pictures and tables. */
export interface Figure {
  /** For an axis. */
  readonly title: string;
  readonly unit: string;
  /** Of each round that counts. */
  readonly values: (point: ScalePoint) => readonly number[];
}

/** Names of the figures that pictures show. */
export type FigureName = "throughput" | "byCpu" | "dataRate" | "p99" | "memory";

/** All of them. */
export const FIGURES: Readonly<Record<FigureName, Figure>> = {
  throughput: {
    title: "Throughput",
    unit: "1,000 requests/s",
    values: ({ perSecond }) => perSecond.map((count) => count / 1e3),
  },
  byCpu: {
    title: "Requests by processor time",
    unit: "1,000 per s of it",
    // Moves less than the throughput when something else wants the processor.
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
    // The first round alone, in which x grows: later ones show what is kept from larger points.
    values: ({ serverResidentBytes }) => serverResidentBytes.slice(0, 1).map((size) => size / 1e6),
  },
};
