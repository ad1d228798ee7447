/** What a store does about the error that a node replied to a command. */
import type { Address } from "../../base/address.ts";
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
  /** It fails. */
  | "reject";

/** Errors by which a node says that it has not executed a command, and that it may later. */
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
