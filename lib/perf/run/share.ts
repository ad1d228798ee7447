/**
 * A share of the clients of a run: `LocalShare` in this process, `RemoteShare` in another one. Each
 * process of a run has one share.
 */
import type { Address } from "../../base/address.ts";
import type { ClientOptions } from "../../client/client_options.ts";
import type { TableIdentity } from "../../client/server_identity.ts";
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import type { StageData } from "../measure/stage_data.ts";

/** The servers and the table of a run. */
export interface RunTarget {
  /** The servers of a shared table; else the only one. At least one, the one of the first client first. */
  readonly servers: readonly Address[];
  /** Undefined: the server sends no identity. */
  readonly table: TableIdentity | undefined;
}

/** The servers of connected clients. */
export interface ConnectedTarget extends RunTarget {
  /** Number of clients that began at each server, by HOST:PORT. */
  readonly clientsAt: Readonly<Record<string, number>>;
}

/** The order to a share: plain data, which another process can read. */
export interface ShareOrder {
  readonly config: TestPerfConfig;
  /** Options of the connection, without functions. */
  readonly connection: Omit<ClientOptions, "onWarning">;
  readonly seed: number;
  /** The start of every key of the run. */
  readonly keyPrefix: string;
  /** First client of this share, counted from 0 over all clients of the run. */
  readonly from: number;
  /** Client after the last one of this share. */
  readonly to: number;
}

/** The result of operations that are not measured. */
export interface UnmeasuredResult {
  /** `ClientKeys.end` of each client of the share, in order. */
  readonly keyEnds: readonly number[];
  /** Number of operations that failed unexpectedly. */
  readonly failed: number;
  /** Sentences for the user on these failures. */
  readonly notes: readonly string[];
  /** Whether the server is gone. */
  readonly isGone: boolean;
}

/** The events of a share. */
export interface ShareEvents {
  /** Adds operations that were measured since the last call. */
  onProgress(operations: number): void;
  /** A sentence for the user. */
  onNote(text: string): void;
}

/** Some clients of a run. The caller makes the calls in this order, one at a time, except `cancel`. */
export interface Share {
  /**
   * Connects the clients. With a shared table, they spread evenly over its servers.
   *
   * @returns servers and table; all clients of a run use the same table
   * @throws {HtError} if the server is not found, or rejects a client
   */
  connect(order: ShareOrder): Promise<ConnectedTarget>;
  /** Inserts the keys that a stage (counted from 0) needs. */
  prepare(stage: number): Promise<UnmeasuredResult>;
  /**
   * Inserts further keys for the removes of a stage by time.
   *
   * @param keys maximum number of keys for each client
   * @param untilUnixMs no insert is sent from this time on, in Unix milliseconds
   */
  refill(stage: number, keys: number, untilUnixMs: number): Promise<UnmeasuredResult>;
  /**
   * Warms up for a stage with a number of operations, and waits at the start of any stage.
   *
   * @param keyEnds `ClientKeys.end` of each client of the run
   */
  warm(stage: number, keyEnds: readonly number[]): Promise<void>;
  /**
   * Measures the stage.
   *
   * @param startUnixMs start time, in Unix milliseconds; a time in the past starts it at once. A stage by
   *   time ends at its planned time in any case
   */
  start(startUnixMs: number): Promise<StageData>;
  /** Ends `refill` or `start` early, which return what they have so far; it is not meant to be used. */
  cancel(): void;
  /** Removes the keys that are left in the table. */
  cleanUp(): Promise<UnmeasuredResult>;
  /** Ends the run, also in the middle of a stage; `connect` may follow. */
  end(): Promise<void>;
  /** Closes the share, and ends its process if that is another one. */
  close(): Promise<void>;
}

/**
 * Splits clients among processes, as evenly as possible. Each process gets a range of clients, so that
 * clients keep their numbers when the results are merged.
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
