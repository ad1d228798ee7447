/**
 * The raw data of a run: plain data, which `--json` prints and `--compare` reads. Within a version,
 * members are only added. Readers ignore members that they do not know.
 */
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import type { KeyDistribution, MixShares } from "../../config/workload_flags.ts";
import type { StageData } from "../measure/stage_data.ts";
import type { Operation } from "../workload/operation.ts";

/** The settings of a run: values of the command line, or their defaults; null: none. */
export interface RunSettings {
  /** Simultaneous clients, in all processes together. */
  readonly clients: number;
  /** Processes that share the clients. */
  readonly processes: number;
  /** Requests in flight for each client; without effect in an open loop. */
  readonly pipeline: number;
  /** Operations of each client in each stage; null if `durationMs` is the length of a stage. */
  readonly ops: number | null;
  readonly durationMs: number | null;
  /** Time at each end of a stage by time that does not count, in milliseconds; 0 with `ops`. */
  readonly edgeMs: number;
  /** Time of load before each stage that does not count, in milliseconds; 0: none. */
  readonly warmupMs: number;
  /** Size of the JSON text of each value, in bytes. */
  readonly valueBytes: number;
  /** Size of each key, in bytes. */
  readonly keyBytes: number;
  /** Number of keys of all clients; null: one for each insert. */
  readonly keys: number | null;
  /** Null: keys in order in the stages, uniform in a mix. */
  readonly distribution: KeyDistribution | null;
  /** The planned stages, in order. */
  readonly operations: readonly Operation[];
  /** Shares in percent of one mixed stage, which replaces the stages of `operations`. */
  readonly mix: MixShares | null;
  /** Open loop: intended starts each second, of all clients; null: a closed loop. */
  readonly ratePerS: number | null;
  /** Whether each value from the server was checked. */
  readonly verify: boolean;
  /** Repeats of each step of a sweep; 1 for a run. */
  readonly repeats: number;
}

/** Collects the settings of a run. @param keyBytes size of each key, in bytes */
export function runSettings(config: TestPerfConfig, keyBytes: number): RunSettings {
  const { clients, processes, pipeline, ops, durationMs, edgeMs, warmupMs, valueBytes } = config;
  return {
    clients,
    processes,
    pipeline,
    ops: durationMs === undefined ? ops : null,
    durationMs: durationMs ?? null,
    edgeMs,
    warmupMs,
    valueBytes,
    keyBytes,
    keys: config.keys ?? null,
    distribution: config.distribution ?? null,
    operations: config.operations,
    mix: config.mix ?? null,
    ratePerS: config.ratePerS ?? null,
    verify: config.verify,
    repeats: config.sweep?.repeats ?? 1,
  };
}

/** One of the servers of a shared table. */
export interface ServerClients {
  /** HOST:PORT. */
  readonly server: string;
  /** Number of clients that began at it. */
  readonly clients: number;
}

/** The members that the raw data of a run and of a sweep have in common. */
export interface CommonData {
  readonly version: 1;
  /** The server as the user named it: a name in the catalogs, or HOST:PORT. */
  readonly target: string;
  /** HOST:PORT. With a shared table, that of the first client. */
  readonly server: string;
  /** The servers of a shared table, at the start of the last run (default: the table is not shared). */
  readonly servers?: readonly ServerClients[] | undefined;
  /** Start of the measurement, in Unix milliseconds. */
  readonly startedUnixMs: number;
  /** Name of the machine, and number of the process on it. */
  readonly host: string;
  readonly pid: number;
  /** Identity of the server's process; null if it has none. */
  readonly instance: string | null;
  /** Identity of its table; null if it has none. */
  readonly table: string | null;
  /**
   * Start of the first stage, in Unix milliseconds, if it was aligned with those of other testperf
   * processes at the server. Null: this process saw no other one before it began, or did not wait.
   */
  readonly alignedUnixMs: number | null;
  /**
   * The largest number of other testperf processes at the server while this one measured; null if the
   * server does not report its clients.
   */
  readonly others: number | null;
  readonly seed: number;
  /** In a sweep, the settings of each run, but `clients` is the largest number of all steps. */
  readonly settings: RunSettings;
  /** A sentence for readers of the latencies: of a closed loop, or of an open one. */
  readonly latencies?: string;
  /** Failed operations outside of the stages, which insert and remove the keys. */
  readonly unmeasuredErrors: number;
  /** Whether the whole plan was measured. A sweep that reaches the plateau is complete. */
  readonly complete: boolean;
  /** Why the measurement ended early; null if it did not. */
  readonly failure: string | null;
}

/** One run of all its stages. */
export interface RunData extends CommonData {
  readonly format: "testperf run";
  /** The stages of all processes together. */
  readonly stages: readonly StageData[];
}
