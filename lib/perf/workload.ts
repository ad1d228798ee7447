/**
 * What the stages send. Keys are of this process alone, so that several tests of one server do not
 * touch each other's; values follow from their keys, so that each one can be checked.
 */
import type { HtClient } from "../client/ht_client.ts";

/** The stages in their order: insert many, look up many, scan, remove all. */
export const STAGES = ["insert", "lookup", "scan", "remove"] as const;

export type Stage = (typeof STAGES)[number];

/** A value that came back and is not the one that was sent. */
export class WrongValueError extends Error {
  override name = "WrongValueError";

  constructor(key: string, expected: string, came: string) {
    super(`Wrong value of ${key}: expected ${cut(expected)}, got ${cut(came)}`);
  }
}

/** Characters of a process's part of each key: 60 bits. */
const RUN_CHARS = 12;

/** Makes the operations of one run. */
export class Workload {
  readonly #run = randomName(RUN_CHARS);
  readonly #valueBytes: number;
  readonly #verify: boolean;

  /**
   * @param valueBytes of the JSON text of each value; at least 2
   * @param verify whether to check what comes back
   */
  constructor(valueBytes: number, verify: boolean) {
    this.#valueBytes = valueBytes;
    this.#verify = verify;
  }

  /**
   * Does one operation.
   *
   * @param clientNumber from 1
   * @param number of the operation, from 0
   * @throws {HtError} where it failed
   * @throws {WrongValueError} where another value came back
   */
  async run(stage: Stage, client: HtClient, clientNumber: number, number: number): Promise<void> {
    const key = `testperf-${this.#run}-${clientNumber}-${number}`;
    const value = this.valueOf(key);
    switch (stage) {
      case "insert":
        await client.request({ method: "insert", key, value });
        return;
      case "lookup":
        return this.#check(key, value, await client.lookupText(key));
      case "remove":
        return this.#check(key, value, await client.removeText(key));
      case "scan": {
        const { result } = await client.request({ method: "scan", regex: `^${key}$` });
        return this.#check(key, `[["${key}",${value}]]`, result);
      }
    }
  }

  /** The value of a key: a JSON string of the wanted size that no other key has, if it fits. */
  valueOf(key: string): string {
    const inner = this.#valueBytes - 2;
    return `"${`${key}.`.repeat(Math.ceil(inner / (key.length + 1))).slice(0, inner)}"`;
  }

  #check(key: string, expected: string, came: string): void {
    if (this.#verify && came !== expected) throw new WrongValueError(key, expected, came);
  }
}

function randomName(chars: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(chars));
  return Array.from(bytes, (byte) => (byte & 31).toString(32)).join("");
}

function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}... (${text.length} characters)` : text;
}
