/**
 * The data of `deno task bench` in its folder: `bench.json` is a `BenchData`, and each `PART.json` is
 * the raw data of a sweep, in the format of testperf.
 */
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import type { Operation } from "../../lib/perf/workload/operation.ts";
import type { Machine } from "../harness/machine.ts";
import type { SyncTimes } from "../harness/sync_probe.ts";
import type { StepShares } from "./processor_shares.ts";

export type { SyncTimes } from "../harness/sync_probe.ts";

/** The parts of a run, each with a sweep of its own; also the names of their files. */
export type PartName = "memory" | "durable" | "two-hosts-memory" | "two-hosts-durable";

/** The kind of a part. */
export interface PartKind {
  /** Whether the server has a data folder. */
  readonly isDurable: boolean;
  /** 2: the clients have a host of their own. */
  readonly hosts: 1 | 2;
  /** For headings. */
  readonly title: string;
  /** For a column. */
  readonly short: string;
}

/** All parts. */
export const PARTS: Readonly<Record<PartName, PartKind>> = {
  "memory": { isDurable: false, hosts: 1, title: "in memory", short: "memory" },
  "durable": { isDurable: true, hosts: 1, title: "durable", short: "durable" },
  "two-hosts-memory": {
    isDurable: false,
    hosts: 2,
    title: "in memory, two hosts",
    short: "two hosts",
  },
  "two-hosts-durable": {
    isDurable: true,
    hosts: 2,
    title: "durable, two hosts",
    short: "two, durable",
  },
};

/** The reason why there is no measurement. */
export interface NotMeasured {
  /** Follows "not measured: ". */
  readonly why: string;
}

/** One part of a run, without its sweep. */
export interface PartData {
  readonly name: PartName;
  readonly operations: readonly Operation[];
  /** Processor shares of its stages. */
  readonly shares: readonly StepShares[] | NotMeasured;
}

/** The machine of a run. */
export interface Site extends Machine {
  readonly memoryBytes: number | null;
  /** File system and device of the durable table. */
  readonly disk: string;
}

/** The lookups of one client, while the cores of server and client were chosen for them. */
export interface Placement {
  /** Where both ran, for a table. */
  readonly where: string;
  /** Operations a second, of each round. */
  readonly opsPerSecond: readonly number[];
  /** Median of each round. */
  readonly p50Ms: readonly number[];
}

/** System calls of the server during a number of requests. */
export interface SystemCalls {
  readonly isDurable: boolean;
  readonly operation: string;
  readonly clients: number;
  readonly requests: number;
  /** Counts by the name of the call. */
  readonly calls: Readonly<Record<string, number>>;
}

/** All measurements of a run but the sweeps. */
export interface BenchData {
  readonly format: "htserver bench";
  readonly version: 1;
  /** The command line. */
  readonly command: string;
  /** A quick run only tests the measurements. Its figures are rough. */
  readonly isQuick: boolean;
  readonly startedUnixMs: number;
  readonly seconds: number;
  readonly site: Site;
  readonly parts: readonly PartData[];
  /** The reason why there is no part with two hosts; null if there is one. */
  readonly twoHosts: NotMeasured | null;
  readonly syncs: readonly SyncTimes[] | NotMeasured;
  readonly systemCalls: readonly SystemCalls[] | NotMeasured;
  /** Not in older data. */
  readonly placements?: readonly Placement[] | NotMeasured;
  /** Failures, as sentences (default: none). */
  readonly failures?: readonly string[];
  /** Work that there was no time for, as sentences (default: none). */
  readonly unfinished?: readonly string[];
}

/** The data of a report. */
export interface Findings {
  readonly bench: BenchData;
  readonly sweeps: Readonly<Partial<Record<PartName, SweepData>>>;
}

/** The reason in place of a measurement that was not asked for. */
export const NOT_ASKED: NotMeasured = { why: "it was not asked for" };

/** Whether data is a reason in place of a measurement. */
export function isNotMeasured(data: object): data is NotMeasured {
  return "why" in data;
}
