/**
 * The result of a stage. It is plain data, which `JSON.stringify` and `JSON.parse` leave unchanged, so
 * that several processes can send their results to one (see `merge.ts`). Names have the units of times.
 */
import type { Gap } from "./gap.ts";
import type { LatencyData } from "./histogram.ts";
import type { ProcessorData } from "./cpu_time.ts";
import type { Operation } from "../workload/operation.ts";

/** Failed operations by kind: the error's code, such as `KeyError`, or `WrongValue`, or `Other`. */
export type ErrorCounts = Readonly<Record<string, number>>;

/** The result of some operations. */
export interface OperationData {
  /** Number of operations that succeeded; only these have a latency. */
  readonly ops: number;
  readonly errors: ErrorCounts;
  /** Of the errors: writes with an unknown outcome, because the connection was lost. */
  readonly unknown: number;
  /**
   * Removes of the whole stage that were sent again after a lost connection, and whose key was gone
   * then: they count as done. Undefined in results of earlier versions.
   */
  readonly removedBefore?: number;
  /**
   * Length of the counted interval. With a number of operations, it lasts to the last reply; in an open
   * loop, at least to the schedule's end.
   */
  readonly seconds: number;
  readonly latency: LatencyData;
}

/** The result of the operations of one client, or of all clients. */
export interface ClientData extends OperationData {
  /** The same by type of operation. */
  readonly operations: Readonly<Partial<Record<Operation, OperationData>>>;
  /** Number of requests of an open loop that were due and never sent. */
  readonly unsent: number;
  /** Times without replies; for several clients, times in which no client received one. */
  readonly gaps: readonly Gap[];
}

/**
 * `closed`: a client sends a request when it has the reply to an earlier one; latency is service time.
 * `open`: clients send requests by a schedule; latency counts from the intended start.
 */
export type Loop = "closed" | "open";

/**
 * Why a stage ended: as planned, at its time limit, without keys left, because due requests could not
 * be sent, or because the server was gone.
 */
export type StageEnd = "planned" | "time limit" | "keys used up" | "overload" | "server gone";

/** The result of a stage. */
export interface StageData {
  readonly stage: string;
  readonly loop: Loop;
  /** Intended starts each second, of all clients; null in a closed loop. */
  readonly ratePerS: number | null;
  /** Start of the counted interval of all clients, in Unix milliseconds. */
  readonly startedUnixMs: number;
  /** Time between the first and the last start of the merged processes, in milliseconds. */
  readonly startSpreadMs: number;
  readonly ended: StageEnd;
  /** Whether the whole plan was measured: false for `overload` and `server gone`. */
  readonly complete: boolean;
  readonly clients: readonly ClientData[];
  readonly sum: ClientData;
  /** Message of the first failed operation. */
  readonly firstError: string | null;
  /** Failed operations of the warm-up, which has no other result. */
  readonly warmupErrors: ErrorCounts;
  /** Schedule lag: time from the intended start of requests to their sending. */
  readonly sendDelay: LatencyData | null;
  /** Number of clients that reached the limit of requests in flight, so that some were sent late. */
  readonly clientsAtBound: number;
  /** The processor use of each process. */
  readonly processors: readonly ProcessorData[];
}

/** Counts all failed operations. */
export function errorCount(errors: ErrorCounts): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

/** Returns the count of one kind, which can be any text. */
export function errorsOfKind(errors: ErrorCounts, kind: string): number {
  return Object.hasOwn(errors, kind) ? errors[kind] ?? 0 : 0;
}

/** Computes the operations per second. */
export function opsPerSecond({ ops, seconds }: OperationData): number {
  return seconds > 0 ? ops / seconds : 0;
}
