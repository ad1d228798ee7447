/** What a store does about a reply to a command that is an error. */
import type { Address } from "../../base/address.ts";
import { NO_MEMORY } from "../resp_reader.ts";
import { parseEndpoint } from "./topology.ts";

/** What to do. */
export type ErrorAction =
  /** Another node serves the slot: execute it there. */
  | "moved"
  /** The slot is migrating to another node: execute it there, once. */
  | "ask"
  /** The node has refused it for the moment: execute it again. */
  | "retry"
  /** The node has lost the scripts: load them, and execute it again. */
  | "load scripts"
  /** The store has no memory for it. */
  | "full"
  /** This process has no memory for the reply. The command was executed. */
  | "no memory"
  /** It fails. */
  | "reject";

/** What to do about each error. After any other one, the command fails. */
const ACTIONS: ReadonlyMap<string, ErrorAction> = new Map<string, ErrorAction>([
  ["MOVED", "moved"],
  ["ASK", "ask"],
  ["TRYAGAIN", "retry"],
  ["CLUSTERDOWN", "retry"],
  ["LOADING", "retry"],
  ["READONLY", "retry"],
  ["NOREPLICAS", "retry"],
  ["MASTERDOWN", "retry"],
  ["BUSY", "retry"],
  ["NOSCRIPT", "load scripts"],
  ["OOM", "full"],
  [NO_MEMORY, "no memory"],
]);

/** The action for an error, by its first word. */
export function actionFor(code: string): ErrorAction {
  return ACTIONS.get(code) ?? "reject";
}

/** Where an error points to. */
export interface Redirection {
  readonly slot: number;
  readonly address: Address;
}

/**
 * Parses the end of `MOVED <slot> <host:port>` or `ASK <slot> <host:port>`.
 *
 * @param message the error, with or without its first word
 * @param asked the node that replied: an empty host means its host
 */
export function parseRedirection(message: string, asked: Address): Redirection | undefined {
  const [, slot, endpoint = ""] = /(?:^|\s)(\d{1,5}) (\S+)\s*$/.exec(message) ?? [];
  const address = parseEndpoint(endpoint, asked.hostname);
  return slot === undefined || address === undefined ? undefined : { slot: Number(slot), address };
}
