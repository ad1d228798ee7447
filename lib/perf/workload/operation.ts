/** The operations of a run, and the check of their results: each value follows from its key. */
import type { HtClient } from "../../client/client.ts";
import type { MeasuredOperation } from "../../config/workload_flags.ts";
import type { Keys } from "./keys.ts";

export { type MeasuredOperation as Operation, OPERATIONS } from "../../config/workload_flags.ts";

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

/** Performs operations. */
export interface Workload {
  /**
   * Performs one operation.
   *
   * @throws {HtError} if it failed
   * @throws {WrongValueError} if the server replied with another value
   */
  perform(task: Task, client: HtClient): Promise<void>;
}

/** A value from the server that differs from the one that was inserted. */
export class WrongValueError extends Error {
  override name = "WrongValueError";

  constructor(key: string, expected: string, actual: string) {
    super(`Wrong value of ${key}: expected ${shorten(expected)}, got ${shorten(actual)}`);
  }
}

/** The operations of one run on the table of a server. */
export class TableWorkload implements Workload {
  readonly #keys: Keys;
  readonly #valueBytes: number;
  readonly #verify: boolean;

  /**
   * @param valueBytes size of the JSON text of each value; at least 2
   * @param verify whether to check the values from the server
   */
  constructor(keys: Keys, valueBytes: number, verify: boolean) {
    this.#keys = keys;
    this.#valueBytes = valueBytes;
    this.#verify = verify;
  }

  async perform({ operation, key: number }: Task, client: HtClient): Promise<void> {
    const key = this.#keys.key(number);
    const value = this.valueOf(key);
    switch (operation) {
      case "insert":
        await client.request({ method: "insert", key, value });
        return;
      case "lookup":
        return this.#check(key, value, await client.lookupText(key));
      case "remove":
        return this.#check(key, value, await client.removeText(key));
      case "scan": {
        const regex = `^${key.replace(/[.+]/g, "\\$&")}$`;
        const { result } = await client.request({ method: "scan", regex });
        return this.#check(key, `[["${key}",${value}]]`, result);
      }
    }
  }

  /** Returns the value of a key: a JSON string of the given size, which repeats the key. */
  valueOf(key: string): string {
    const inner = this.#valueBytes - 2;
    return `"${`${key}.`.repeat(Math.ceil(inner / (key.length + 1))).slice(0, inner)}"`;
  }

  #check(key: string, expected: string, actual: string): void {
    if (this.#verify && actual !== expected) throw new WrongValueError(key, expected, actual);
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}... (${text.length} characters)` : text;
}
