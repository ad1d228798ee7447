/**
 * What came of a stage, as plain data: it goes through `JSON.stringify` and back unchanged, so that
 * several processes can hand theirs over (see `merge.ts`). Times are in the units of their names.
 */
import type { Gap } from "./gap.ts";
import type { LatencyData } from "./histogram.ts";
import type { ProcessorData } from "./cpu_time.ts";
import type { Operation } from "../workload/operation.ts";

/** Failed operations by kind: the error's code, such as `KeyError`, or `WrongValue`, or `Other`. */
export type ErrorCounts = Readonly<Record<string, number>>;

/** What came of some operations. */
export interface OperationData {
  /** Operations that succeeded; only these have a latency. */
  readonly ops: number;
  readonly errors: ErrorCounts;
  /** Of the errors: changes that the server may have made or not, since the connection broke. */
  readonly unknown: number;
  /** From the stage's start to the last answer; in an open loop at least to the end of the schedule. */
  readonly seconds: number;
  readonly latency: LatencyData;
}

/** What came of one client's operations, or of all clients'. */
export interface ClientData extends OperationData {
  /** The same by type of operation. */
  readonly operations: Readonly<Partial<Record<Operation, OperationData>>>;
  /** Requests of an open loop that were due and never left. */
  readonly unsent: number;
  /** When nothing was answered; for several clients, when none of them was. */
  readonly gaps: readonly Gap[];
}

/**
 * `closed`: a request leaves when an earlier one was answered, and its latency is service time.
 * `open`: requests leave by a schedule, and latency is counted from their intended start.
 */
export type Loop = "closed" | "open";

/**
 * Why a stage ended: as planned; or early by its time limit, for want of keys, because it could not
 * send what was due, or since the server was gone.
 */
export type StageEnd = "planned" | "time limit" | "keys used up" | "overload" | "server gone";

/** What came of a stage. */
export interface StageData {
  readonly stage: string;
  readonly loop: Loop;
  /** Intended starts each second, of all clients; null in a closed loop. */
  readonly ratePerS: number | null;
  /** When all clients began to measure, in milliseconds since 1970. */
  readonly startedUnixMs: number;
  /** How far apart the starts of the merged processes were, in milliseconds; 0 for one process. */
  readonly startSpreadMs: number;
  readonly ended: StageEnd;
  /** Whether all that was planned was tried: false for `overload` and `server gone`. */
  readonly complete: boolean;
  readonly clients: readonly ClientData[];
  readonly sum: ClientData;
  /** What the first failed operation said. */
  readonly firstError: string | null;
  /** Failed operations of the warm-up, which is not measured otherwise. */
  readonly warmupErrors: ErrorCounts;
  /** How long after their intended start requests left: the timers' and this client's own part. */
  readonly sendDelay: LatencyData | null;
  /** Clients that had as many requests in flight as they may, so that some left late. */
  readonly clientsAtBound: number;
  /** Of each process. */
  readonly processors: readonly ProcessorData[];
}

/** How many failed. */
export function errorCount(errors: ErrorCounts): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

/** How many failed of one kind, which may be any text. */
export function errorsOfKind(errors: ErrorCounts, kind: string): number {
  return Object.hasOwn(errors, kind) ? errors[kind] ?? 0 : 0;
}

/** Operations per second. */
export function opsPerSecond({ ops, seconds }: OperationData): number {
  return seconds > 0 ? ops / seconds : 0;
}
