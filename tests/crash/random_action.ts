/** Random actions of clients, with values that name their writer. */
import type { Action } from "./history/history.ts";
import type { Random } from "../../bench/harness/random.ts";

/** Shares of the actions, and numbers of keys. */
export interface Mix {
  /** Of 100 actions; the others are inserts. */
  readonly lookups: number;
  readonly removes: number;
  /** Number of keys that all clients use, and of each client's own keys. */
  readonly sharedKeys: number;
  readonly ownKeys: number;
}

/** Of 100 actions, those on shared keys, if clients have keys of their own. */
const SHARED = 50;

/** One value in 40 is longer than a page, and one in 400 longer than a read buffer. */
const LONG_ONE_IN = 40, VERY_LONG_ONE_IN = 400;
const LONG_CHARS = 6_000, VERY_LONG_CHARS = 150_000;

/** Names the keys of one client, or those of all clients. */
export function keysOf(owner: number | "all", { sharedKeys, ownKeys }: Mix): string[] {
  return Array.from(
    { length: owner === "all" ? sharedKeys : ownKeys },
    (_, number) => owner === "all" ? `shared ${number}` : `own ${owner}.${number}`,
  );
}

/** Makes the JSON text of a value that no other client writes. */
export function uniqueValue(writer: string, number: number, random: Random): string {
  const chars = random.below(VERY_LONG_ONE_IN) === 0
    ? random.below(VERY_LONG_CHARS)
    : random.below(LONG_ONE_IN) === 0
    ? random.below(LONG_CHARS)
    : 0;
  return JSON.stringify(`${writer} #${number}${".".repeat(chars)}`);
}

/**
 * Makes a function that chooses the next action of a client.
 *
 * @param client number of the client, which has keys of its own
 * @param writer part of every value; different for each call
 */
export function actionsOf(
  client: number,
  writer: string,
  mix: Mix,
  random: Random,
): () => { key: string; action: Action } {
  const shared = keysOf("all", mix), own = keysOf(client, mix);
  let number = 0;
  return () => {
    const keys = own.length === 0 || random.below(100) < SHARED ? shared : own;
    const key = keys[random.below(keys.length)] ?? "";
    const chance = random.below(100);
    if (chance < mix.lookups) return { key, action: { method: "lookup" } };
    if (chance < mix.lookups + mix.removes) return { key, action: { method: "remove" } };
    return { key, action: { method: "insert", value: uniqueValue(writer, ++number, random) } };
  };
}
