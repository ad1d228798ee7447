/** What clients do under kills: random actions whose values name their writer. */
import type { Action } from "./history.ts";
import type { Random } from "../../bench/harness/random.ts";

/** Which actions and keys, and how often. */
export interface Mix {
  /** Out of 100 actions; the rest are inserts, which replace as often as they find the key there. */
  readonly lookups: number;
  readonly removes: number;
  /** Keys that all clients use, and of each client's own. */
  readonly sharedKeys: number;
  readonly ownKeys: number;
}

/** Out of 100 actions, how many are on shared keys where clients have own ones too. */
const SHARED = 50;

/** One in so many values is longer than a page, and one in so many longer than a read buffer. */
const LONG_ONE_IN = 40, VERY_LONG_ONE_IN = 400;
const LONG_CHARS = 6_000, VERY_LONG_CHARS = 150_000;

/** Keys of a client's own, or of all. */
export function keysOf(owner: number | "all", { sharedKeys, ownKeys }: Mix): string[] {
  return Array.from(
    { length: owner === "all" ? sharedKeys : ownKeys },
    (_, number) => owner === "all" ? `shared ${number}` : `own ${owner}.${number}`,
  );
}

/** The JSON text of a value that nobody else writes. */
export function uniqueValue(writer: string, number: number, random: Random): string {
  const chars = random.below(VERY_LONG_ONE_IN) === 0
    ? random.below(VERY_LONG_CHARS)
    : random.below(LONG_ONE_IN) === 0
    ? random.below(LONG_CHARS)
    : 0;
  return JSON.stringify(`${writer} #${number}${".".repeat(chars)}`);
}

/** Gives one random action after another. */
export class Actions {
  readonly #writer: string;
  readonly #random: Random;
  readonly #mix: Mix;
  readonly #shared: readonly string[];
  readonly #own: readonly string[];
  #number = 0;

  /**
   * @param client number of the client whose keys are its own
   * @param writer said in every value; no two `Actions` have the same
   */
  constructor(client: number, writer: string, mix: Mix, random: Random) {
    this.#writer = writer;
    this.#random = random;
    this.#mix = mix;
    this.#shared = keysOf("all", mix);
    this.#own = keysOf(client, mix);
  }

  /** The next one. */
  next(): { key: string; action: Action } {
    const { lookups, removes } = this.#mix;
    const isShared = this.#own.length === 0 || this.#random.below(100) < SHARED;
    const keys = isShared ? this.#shared : this.#own;
    const key = keys[this.#random.below(keys.length)] ?? "";
    const chance = this.#random.below(100);
    if (chance < lookups) return { key, action: { method: "lookup" } };
    if (chance < lookups + removes) return { key, action: { method: "remove" } };
    const value = uniqueValue(this.#writer, ++this.#number, this.#random);
    return { key, action: { method: "insert", value } };
  }
}
