/** The tally of one client and one type of operation while a stage runs. */
import { messageOf } from "../../base/errors.ts";
import { HtError, isServerGone, ReplyError } from "../../client/errors.ts";
import { LatencyHistogram } from "./histogram.ts";
import { errorsOfKind, type OperationData } from "./stage_data.ts";
import { type Operation, WrongValueError } from "../workload/operation.ts";

/** All error codes of this project. A server can send any other text as its code. */
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

/** Counts operations of one type. */
export class Tally {
  readonly #latency = new LatencyHistogram();
  readonly #errors: Record<string, number> = {};
  #unknown = 0;
  #removedBefore = 0;

  recordSuccess(latencyMs: number): void {
    this.#latency.record(latencyMs);
  }

  recordRemovedBefore(): void {
    this.#removedBefore++;
  }

  recordFailure(operation: Operation, error: unknown): void {
    const kind = kindOf(error);
    this.#errors[kind] = errorsOfKind(this.#errors, kind) + 1;
    if (isUnknown(operation, error)) this.#unknown++;
  }

  /** Returns the result so far. */
  data(seconds: number): OperationData {
    return {
      ops: this.#latency.count,
      errors: { ...this.#errors },
      unknown: this.#unknown,
      removedBefore: this.#removedBefore,
      seconds,
      latency: this.#latency.data(),
    };
  }
}

/** Whether an error is a reply of the server. */
export function isReply(error: unknown): boolean {
  return error instanceof ReplyError || error instanceof WrongValueError;
}

/** Returns the reason if the server counts as gone, or undefined. */
export function reasonToStop(error: unknown): string | undefined {
  return isServerGone(error) ? messageOf(error) : undefined;
}

/** The kind of an error; `Other` for a code that this project does not know. */
function kindOf(error: unknown): string {
  if (error instanceof HtError) return Object.hasOwn(CODES, error.code) ? error.code : "Other";
  if (error instanceof WrongValueError) return "WrongValue";
  return error instanceof Error ? error.name : "Error";
}

/** Whether a write may have been executed although it failed. */
function isUnknown(operation: Operation, error: unknown): boolean {
  if (operation === "lookup" || operation === "scan") return false;
  return error instanceof HtError && error.maybeExecuted;
}
