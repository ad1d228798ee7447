/** Counts the operations of one client and one type while they run. */
import { messageOf } from "../../base/errors.ts";
import {
  ConnectionLostError,
  DifferentTableError,
  HtError,
  isServerGone,
  ReplyError,
  ServerNotFoundError,
  TimeoutError,
} from "../../client/errors.ts";
import { LatencyHistogram } from "./histogram.ts";
import { errorsOfKind, type OperationData } from "./stage_data.ts";
import { type Operation, WrongValueError } from "../workload/operation.ts";

/** All codes that a failure can have; a server may send any other text as one. */
const CODES: Readonly<Record<HtError["code"], true>> = {
  KeyError: true,
  RequestError: true,
  MethodError: true,
  ValueError: true,
  TooLarge: true,
  TableFull: true,
  StorageError: true,
  WrongServer: true,
  AuthError: true,
  Busy: true,
  ServerNotFound: true,
  DifferentTable: true,
  ConnectionLost: true,
  Timeout: true,
  TlsError: true,
};

/** Operations of one type. */
export class Tally {
  readonly #latency = new LatencyHistogram();
  readonly #errors: Record<string, number> = {};
  #unknown = 0;

  /** One succeeded. */
  recordSuccess(latencyMs: number): void {
    this.#latency.record(latencyMs);
  }

  /** One failed. */
  recordFailure(operation: Operation, error: unknown): void {
    const kind = kindOf(error);
    this.#errors[kind] = errorsOfKind(this.#errors, kind) + 1;
    if (isUnknown(operation, error)) this.#unknown++;
  }

  /** What came of them. */
  data(seconds: number): OperationData {
    return {
      ops: this.#latency.count,
      errors: { ...this.#errors },
      unknown: this.#unknown,
      seconds,
      latency: this.#latency.data(),
    };
  }
}

/** Whether the server itself answered, even if by a refusal. */
export function isAnswer(error: unknown): boolean {
  return error instanceof ReplyError || error instanceof WrongValueError;
}

/** Why the server counts as gone, or undefined. */
export function reasonToStop(error: unknown): string | undefined {
  return isServerGone(error) ? messageOf(error) : undefined;
}

/** A name for the kind of an error: of a server's own invention, `Other`. */
function kindOf(error: unknown): string {
  if (error instanceof HtError) return Object.hasOwn(CODES, error.code) ? error.code : "Other";
  if (error instanceof WrongValueError) return "WrongValue";
  return error instanceof Error ? error.name : "Error";
}

/** Whether a change may have been made although it failed. */
function isUnknown(operation: Operation, error: unknown): boolean {
  if (operation === "lookup" || operation === "scan") return false;
  return (error instanceof ConnectionLostError || error instanceof ServerNotFoundError ||
    error instanceof TimeoutError || error instanceof DifferentTableError) && error.maybeExecuted;
}
