/**
 * Logs what changes in the state of a store: changes that are held back, nodes that do not answer, slots
 * without a master, and other masters.
 *
 * It compares the state every second, and logs a condition that two checks in a row have found, or no longer
 * found. So a condition costs at most a line in two seconds, and a short pause of a node none.
 */
import type { Timing } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";

/** Time between two checks, in milliseconds. */
const CHECK_MS = 1_000;

/** What a node that serves slots reports. */
export interface MasterState {
  readonly name: string;
  /** Number of slots; undefined: not known yet. */
  readonly slots: number | undefined;
  /** Whether its changes are held back, because it has too few replicas. */
  readonly isHeld: boolean;
  /** Why it is held, or not in reach; "": neither. */
  readonly lastError: string;
}

/** The state of a store. */
export interface StoreState<Master extends MasterState = MasterState> {
  readonly shards: readonly Master[];
  readonly uncoveredSlots: number;
  /** Why a node does not answer; "": all do. */
  readonly lastError: string;
}

/** What is wrong. */
interface Condition {
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
  /** The line at its end. */
  readonly end: string;
  /** The node that it is about (default: the whole store). */
  readonly node?: string;
}

/** Logs a store's state until it is closed. */
export class StateLog {
  readonly #store: { readonly state: StoreState };
  readonly #log: Log;
  readonly #timing: Timing;
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  /** Masters at the last check; empty: none was known. */
  #masters: ReadonlySet<string> = new Set();
  /** Conditions of the last check, by what they are about. */
  #last: ReadonlyMap<string, Condition> = new Map();
  readonly #logged = new Map<string, Condition>();

  constructor(store: { readonly state: StoreState }, log: Log, timing: Timing) {
    this.#store = store;
    this.#log = log;
    this.#timing = timing;
  }

  /** Begins to check. */
  start(): void {
    this.#ended = this.#run();
  }

  /** Ends the checks. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    do this.#check(); while (await this.#timing.sleep(CHECK_MS, this.#stop.signal));
  }

  #check(): void {
    const { state } = this.#store;
    const masters = new Set(
      state.shards.filter(({ slots }) => slots !== 0).map(({ name }) => name),
    );
    this.#logMasters(masters);
    const conditions = conditionsOf(state);
    for (const [key, condition] of conditions) {
      if (this.#logged.has(key) || !this.#last.has(key)) continue;
      this.#logged.set(key, condition);
      this.#log.warn(condition.message, condition.fields);
    }
    for (const [key, { end, node }] of this.#logged) {
      if (conditions.has(key) || this.#last.has(key)) continue;
      this.#logged.delete(key);
      if (node === undefined) this.#log.info(end);
      else if (masters.has(node)) this.#log.info(end, { node });
    }
    this.#last = conditions;
  }

  #logMasters(masters: ReadonlySet<string>): void {
    const before = this.#masters;
    if (masters.size === 0) return;
    this.#masters = masters;
    const added = [...masters].filter((name) => !before.has(name));
    const gone = [...before].filter((name) => !masters.has(name));
    if (before.size === 0 || added.length + gone.length === 0) return;
    this.#log.info("the store has other masters now", {
      ...(added.length > 0 && { new: added.join(" ") }),
      ...(gone.length > 0 && { gone: gone.join(" ") }),
    });
  }
}

function conditionsOf(state: StoreState): Map<string, Condition> {
  const { shards, uncoveredSlots: slots, lastError: why } = state;
  const conditions = new Map<string, Condition>();
  for (const { name: node, isHeld, lastError } of shards) {
    if (!isHeld) continue;
    conditions.set(`replicas of ${node}`, {
      message: "changes of a master wait for its replicas",
      fields: { node, why: lastError },
      end: "changes of a master go on",
      node,
    });
  }
  if (slots > 0) {
    conditions.set("slots", {
      message: "no node serves a part of the table: start the lost nodes",
      fields: { slots },
      end: "all parts of the table are served again",
    });
  }
  if (why !== "") {
    conditions.set("nodes", {
      message: "a node of the store does not answer",
      fields: { why },
      end: "all nodes of the store answer again",
    });
  }
  return conditions;
}
