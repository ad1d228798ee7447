/** Does single operations, and checks what comes back: values follow from their keys. */
import type { HtClient } from "../../client/client.ts";
import type { Keys } from "./keys.ts";

/** What is measured, in the order of the four stages. */
export const OPERATIONS = ["insert", "lookup", "scan", "remove"] as const;

export type Operation = (typeof OPERATIONS)[number];

/** One operation to do. */
export interface Task {
  readonly operation: Operation;
  /** The key's number. */
  readonly key: number;
  /** Called when it succeeded. */
  readonly onDone?: () => void;
}

/** What a client is to do, one after the other. */
export interface Tasks {
  /** The next one, or undefined: there is nothing more to do. */
  next(): Task | undefined;
}

/** Does operations. */
export interface Workload {
  /**
   * Does one operation.
   *
   * @throws {HtError} where it failed
   * @throws {WrongValueError} where another value came back
   */
  perform(task: Task, client: HtClient): Promise<void>;
}

/** A value that came back and is not the one that was sent. */
export class WrongValueError extends Error {
  override name = "WrongValueError";

  constructor(key: string, expected: string, actual: string) {
    super(`Wrong value of ${key}: expected ${shorten(expected)}, got ${shorten(actual)}`);
  }
}

/** The operations of one run. */
export class TableWorkload implements Workload {
  readonly #keys: Keys;
  readonly #valueBytes: number;
  readonly #verify: boolean;

  /**
   * @param keys of the run
   * @param valueBytes of the JSON text of each value; at least 2
   * @param verify whether to check what comes back
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

  /** The value of a key: a JSON string of the wanted size that no other key has, if it fits. */
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
