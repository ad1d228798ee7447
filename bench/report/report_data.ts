/**
 * What `deno task bench` measures, as it lies in its folder: `bench.json` holds `BenchData`, and beside
 * it `PART.json` is the raw data of each part's sweep, as testperf printed it.
 */
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import type { Operation } from "../../lib/perf/workload/operation.ts";
import type { Machine } from "../harness/machine.ts";
import type { StepShares } from "./processor_shares.ts";
import type { SyncTimes } from "./sync_times.ts";
import type { SystemCalls } from "./system_calls.ts";

/** What is measured by a sweep of its own; also the name of its files. */
export type PartName = "memory" | "durable" | "two-hosts-memory" | "two-hosts-durable";

/** Whether the server keeps its table on disk, and whether clients are on a host of their own. */
export interface PartKind {
  readonly isDurable: boolean;
  readonly hosts: 1 | 2;
  /** For headings. */
  readonly title: string;
}

/** All parts. */
export const PARTS: Readonly<Record<PartName, PartKind>> = {
  "memory": { isDurable: false, hosts: 1, title: "in memory" },
  "durable": { isDurable: true, hosts: 1, title: "durable" },
  "two-hosts-memory": { isDurable: false, hosts: 2, title: "in memory, two hosts" },
  "two-hosts-durable": { isDurable: true, hosts: 2, title: "durable, two hosts" },
};

/** What could not be measured, and why. */
export interface NotMeasured {
  /** Goes on after "not measured: ". */
  readonly why: string;
}

/** One part of a run, beside its sweep. */
export interface PartData {
  readonly name: PartName;
  readonly operations: readonly Operation[];
  /** What ran where during its stages. */
  readonly shares: readonly StepShares[] | NotMeasured;
}

/** Where it ran, beyond what every benchmark tells. */
export interface Site extends Machine {
  readonly memoryBytes: number | null;
  /** File system and device of the durable table. */
  readonly disk: string;
}

/** All that a run of the benchmark measured, but for the sweeps. */
export interface BenchData {
  readonly format: "htserver bench";
  readonly version: 1;
  /** What was typed. */
  readonly command: string;
  /** A short run shows that everything works; its figures are rough. */
  readonly isQuick: boolean;
  /** Keys in the table when removes begin, in the sweeps that have them apart; else not told. */
  readonly removeKeys?: number;
  readonly startedUnixMs: number;
  readonly seconds: number;
  readonly site: Site;
  readonly parts: readonly PartData[];
  /** Why there is no part with two hosts; null where there is one. */
  readonly twoHosts: NotMeasured | null;
  readonly syncs: readonly SyncTimes[] | NotMeasured;
  readonly systemCalls: readonly SystemCalls[] | NotMeasured;
  /** What failed, as sentences (default: nothing). */
  readonly failures?: readonly string[];
  /** What there was no time for, as sentences (default: nothing). */
  readonly unfinished?: readonly string[];
}

/** Why a run is not complete, as sentences. */
export function problemsOf({ failures = [], unfinished = [] }: BenchData): string[] {
  return [...failures, ...unfinished];
}

/** What the report is made from. */
export interface Findings {
  readonly bench: BenchData;
  readonly sweeps: Readonly<Partial<Record<PartName, SweepData>>>;
}

/** Whether there is a reason instead of data. */
export function isNotMeasured(data: object): data is NotMeasured {
  return "why" in data;
}
