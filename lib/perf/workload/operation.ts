/** The operations of a run, and the check of their results: each value follows from its key. */
import { Buffer } from "node:buffer";
import { areEqual } from "../../bytes/span.ts";
import { errorFrom } from "../../client/errors.ts";
import type { LineClient } from "../../client/line_client.ts";
import { type Call, EXPECTED_REPLY } from "../../client/pending_calls.ts";
import { type RetryPolicy, retryPolicy } from "../../client/retry.ts";
import type { MeasuredOperation } from "../../config/workload_flags.ts";
import { isFailure, type SuccessReply } from "../../protocol/decode_reply.ts";
import { encodeRequest, type RequestMembers } from "../../protocol/encode_request.ts";
import type { Failure, JsonText } from "../../protocol/message.ts";
import { KeyedLine } from "./keyed_line.ts";
import type { Keys } from "./keys.ts";

export { type MeasuredOperation as Operation, OPERATIONS } from "../../config/workload_flags.ts";

/** Name of the stage of several operations; a stage of one operation has the name of it. */
export const MIXED_STAGE = "mixed";

/** Above this number of bytes, a comparison by the runtime is faster: 0.02 ms instead of 0.6 for 1 MB. */
const LONG_BYTES = 256;

/** One operation of a client. */
export interface Task {
  readonly operation: MeasuredOperation;
  /** Number of the key. */
  readonly key: number;
  /** Called when the operation succeeded. */
  readonly onDone?: () => void;
}

/** A sequence of operations for one client. */
export interface Tasks {
  /** Returns the next operation; undefined at the end. */
  next(): Task | undefined;
}

/** The part of a client that sends operations. */
export type Sender = Pick<LineClient, "send" | "connections">;

/** Performs one operation of a client at a time, without a promise. */
export interface Lane {
  /** Starts an operation. @param startedMs time by `performance.now()` */
  start(task: Task, startedMs: number): void;
}

/**
 * Receives the end of an operation.
 *
 * @param error undefined after a success, a `WrongValueError` if the server replied with another value,
 *   or an `HtError`
 * @param wasRemovedBefore whether it is a remove that was sent again after a lost connection, and that
 *   the server had executed before: it is a success (default: false)
 */
export type OnOperationEnd = (error: unknown, wasRemovedBefore?: boolean) => void;

/** Performs operations. */
export interface Workload {
  /**
   * Creates a lane.
   *
   * @param onEnd called at the end of each operation, but not during `start`
   */
  lane(client: Sender, onEnd: OnOperationEnd): Lane;
}

/** Performs one operation. @throws the error of `onEnd` */
export function perform(workload: Workload, task: Task, client: Sender): Promise<void> {
  return new Promise((resolve, reject) =>
    workload.lane(client, (error) => error === undefined ? resolve() : reject(error))
      .start(task, performance.now())
  );
}

/** A value from the server that differs from the one that was inserted. */
export class WrongValueError extends Error {
  override name = "WrongValueError";

  constructor(key: string, expected: string, actual: string) {
    super(`Wrong value of ${key}: expected ${shorten(expected)}, got ${shorten(actual)}`);
  }
}

/** The lines of an operation, each for one key at a time. */
interface OperationLines {
  readonly request: KeyedLine;
  /** The reply that proves the value. */
  readonly reply: KeyedLine;
  readonly retry: RetryPolicy;
}

/** The operations of one run on the table of a server. */
export class TableWorkload implements Workload {
  readonly #keys: Keys;
  readonly #valueBytes: number;
  readonly #verify: boolean;
  readonly #lines = new Map<MeasuredOperation, OperationLines>();

  /**
   * @param valueBytes size of the JSON text of each value; at least 2
   * @param verify whether to check the values from the server
   */
  constructor(keys: Keys, valueBytes: number, verify: boolean) {
    this.#keys = keys;
    this.#valueBytes = valueBytes;
    this.#verify = verify;
  }

  lane(client: Sender, onEnd: OnOperationEnd): Lane {
    return new TableLane(this, client, onEnd);
  }

  /** Returns the value of a key: a JSON string of the given size, which repeats the key. */
  valueOf(key: string): string {
    const inner = this.#valueBytes - 2;
    return `"${`${key}.`.repeat(Math.ceil(inner / (key.length + 1))).slice(0, inner)}"`;
  }

  /** Returns the lines of an operation. */
  linesOf(operation: MeasuredOperation): OperationLines {
    let lines = this.#lines.get(operation);
    if (lines === undefined) {
      const members = (key: string) => this.#members(operation, key);
      lines = {
        request: new KeyedLine(this.#keys, (key) => encodeRequest(members(key))),
        reply: new KeyedLine(
          this.#keys,
          (key) => `{"status":"OK","result":${this.#resultOf(operation, key)}}`,
        ),
        // No other client has the keys of this one, so it can send a remove again, too.
        retry: operation === "remove" ? "always" : retryPolicy(members(this.#keys.key(0))),
      };
      this.#lines.set(operation, lines);
    }
    return lines;
  }

  /** Checks a result that is not byte for byte in the expected reply. @throws {WrongValueError} */
  check({ operation, key: number }: Task, actual: JsonText): void {
    const key = this.#keys.key(number);
    const expected = this.#resultOf(operation, key);
    if (this.#verify && operation !== "insert" && actual !== expected) {
      throw new WrongValueError(key, expected, actual);
    }
  }

  #members(operation: MeasuredOperation, key: string): RequestMembers {
    switch (operation) {
      case "insert":
        return { method: operation, key, value: this.valueOf(key) };
      case "lookup":
      case "remove":
        return { method: operation, key };
      case "scan":
        return { method: operation, regex: `^${key.replace(/[.+]/g, "\\$&")}$` };
    }
  }

  #resultOf(operation: MeasuredOperation, key: string): JsonText {
    if (operation === "insert") return "null";
    const value = this.valueOf(key);
    return operation === "scan" ? `[["${key}",${value}]]` : value;
  }
}

/** A lane, which is the call of its current operation. */
class TableLane implements Lane, Call {
  startedMs = 0;
  wasSent = false;
  wasSentBefore = false;
  readsBefore = 0;
  readonly #workload: TableWorkload;
  readonly #client: Sender;
  readonly #onEnd: OnOperationEnd;
  #task: Task = { operation: "lookup", key: 0 };
  #lines: OperationLines | undefined;

  constructor(workload: TableWorkload, client: Sender, onEnd: OnOperationEnd) {
    this.#workload = workload;
    this.#client = client;
    this.#onEnd = onEnd;
  }

  start(task: Task, startedMs: number): void {
    if (task.operation !== this.#task.operation) this.#lines = undefined;
    this.#task = task;
    this.startedMs = startedMs;
    this.#client.send(this);
  }

  get line(): Uint8Array {
    const { request } = this.#current;
    request.set(this.#task.key);
    return request.bytes;
  }

  get retry(): RetryPolicy {
    return this.#current.retry;
  }

  isExpected(bytes: Uint8Array, start: number, end: number): boolean {
    const { reply } = this.#current;
    if (end - start !== reply.bytes.length) return false;
    reply.set(this.#task.key);
    return end - start > LONG_BYTES
      ? Buffer.compare(bytes.subarray(start, end), reply.bytes) === 0
      : areEqual(bytes, start, end, reply.bytes, 0, reply.bytes.length);
  }

  onReply(reply: SuccessReply | Failure): void {
    let error: unknown;
    if (isFailure(reply)) {
      const isRemoved = this.#task.operation === "remove" && reply.type === "KeyError";
      if (isRemoved && this.wasSentBefore) return this.#onEnd(undefined, true);
      error = errorFrom(reply);
    } else if (reply !== EXPECTED_REPLY) {
      try {
        this.#workload.check(this.#task, reply.result);
      } catch (wrong) {
        error = wrong;
      }
    }
    this.#onEnd(error);
  }

  onError(error: unknown): void {
    this.#onEnd(error);
  }

  get #current(): OperationLines {
    return this.#lines ??= this.#workload.linesOf(this.#task.operation);
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}... (${text.length} characters)` : text;
}
