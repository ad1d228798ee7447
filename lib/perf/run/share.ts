/**
 * The clients of a run may be spread over several processes. Each has a share of them, and does with
 * it what the run says: `OwnShare` in this process, `WorkerProcess` in another one.
 */
import type { Address } from "../../base/address.ts";
import type { ClientOptions } from "../../client/client_options.ts";
import type { TableIdentity } from "../../client/server_identity.ts";
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import type { StageData } from "../measure/stage_data.ts";

/** Where the clients of a run are connected, and with which table. */
export interface RunTarget {
  readonly address: Address;
  /** Undefined: the server does not say. */
  readonly table: TableIdentity | undefined;
}

/** What a share is to do: plain data, which another process can read. */
export interface ShareOrder {
  readonly config: TestPerfConfig;
  /** How to reach the server; without functions. */
  readonly connection: Omit<ClientOptions, "onWarning">;
  readonly seed: number;
  /** What all keys of the run begin with. */
  readonly keyPrefix: string;
  /** The clients of this share: from this one (of the run's clients, counted from 0) ... */
  readonly from: number;
  /** ... to before this one. */
  readonly to: number;
}

/** What came of operations that are not measured. */
export interface UnmeasuredResult {
  /** How far the keys of each of the share's clients go (`ClientKeys.end`), in their order. */
  readonly keyEnds: readonly number[];
  /** Operations that failed and should not have. */
  readonly failed: number;
  /** What a user should be told of that. */
  readonly notes: readonly string[];
  /** Whether the server was given up. */
  readonly isGone: boolean;
}

/** What a share tells while it works. */
export interface ShareEvents {
  /** Operations that were measured since the last call. */
  onProgress(operations: number): void;
  /** A sentence that a user should see. */
  onNote(text: string): void;
}

/** Some of the clients of a run. Calls come in this order, one after the other; stages repeat. */
export interface Share {
  /**
   * Connects the clients.
   *
   * @returns where the server was found, and its table: all clients of a run work with one
   * @throws {HtError} where it was not found, or refuses
   */
  begin(order: ShareOrder): Promise<RunTarget>;
  /** Puts keys that a stage (counted from 0) needs into the table. */
  prepare(stage: number): Promise<UnmeasuredResult>;
  /**
   * Warms up for a stage, and waits at its start.
   *
   * @param keyEnds how far the keys of each of the run's clients go
   */
  warm(stage: number, keyEnds: readonly number[]): Promise<void>;
  /**
   * Measures the stage.
   *
   * @param startUnixMs when to start, in milliseconds since 1970; the past: at once
   */
  start(startUnixMs: number): Promise<StageData>;
  /** Takes the keys out of the table that are left. */
  cleanUp(): Promise<UnmeasuredResult>;
  /** Ends the run, also in the middle of a stage; `begin` may follow. */
  end(): Promise<void>;
  /** Gives the share up: its process ends, where it has one of its own. */
  close(): Promise<void>;
}

/**
 * Splits clients among processes, as evenly as it goes; neighbours stay together, so that clients
 * keep their numbers when the parts are put together.
 *
 * @param clients at least as many as processes
 */
export function splitClients(
  clients: number,
  processes: number,
): { readonly from: number; readonly to: number }[] {
  const edge = (process: number) => Math.floor(process * clients / processes);
  return Array.from({ length: processes }, (_, at) => ({ from: edge(at), to: edge(at + 1) }));
}
