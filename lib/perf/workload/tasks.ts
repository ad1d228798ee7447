/** The tasks of a client: in a stage, in a warm-up, before a stage, and after the last stage. */
import type { MixShares } from "../../config/workload_flags.ts";
import type { ClientKeys } from "./client_keys.ts";
import type { KeyChoice } from "./key_distribution.ts";
import { WARMUP_KEYS } from "./keys.ts";
import type { Fractions } from "./seeded_streams.ts";
import { OPERATIONS, type Task, type Tasks } from "./operation.ts";

/**
 * Inserts the keys of a client in order. If their number is limited (`--keys`), the first key follows
 * the last one, so that inserts replace values.
 */
export function insertTasks(keys: ClientKeys): Tasks {
  let n = 0;
  return {
    next() {
      const own = n++ % keys.limit;
      keys.end = Math.max(keys.end, own + 1);
      return { operation: "insert", key: keys.number(own) };
    },
  };
}

/** Inserts the keys that are missing up to the limit of a client; none if it has no limit. */
export function fillTasks(keys: ClientKeys): Tasks {
  return {
    next() {
      if (keys.limit === Infinity || keys.end >= keys.limit) return undefined;
      return { operation: "insert", key: keys.number(keys.end++) };
    },
  };
}

/** Looks up or scans for the keys of a client in order, repeatedly. */
export function readTasks(operation: "lookup" | "scan", keys: ClientKeys): Tasks {
  let n = 0;
  return {
    next() {
      const count = keys.end - keys.first;
      if (count === 0) return undefined;
      return { operation, key: keys.number(keys.first + n++ % count) };
    },
  };
}

/** Looks up or scans for random keys. */
export function randomReadTasks(operation: "lookup" | "scan", choose: KeyChoice): Tasks {
  return { next: () => ({ operation, key: choose() }) };
}

/** Removes the keys of a client, each once; ends when none is left. */
export function removeTasks(keys: ClientKeys): Tasks {
  return {
    next() {
      const key = keys.takeNext();
      return key === undefined ? undefined : { operation: "remove", key };
    },
  };
}

/** Removes all keys of a client that may be left in the table: keys of warm-ups, then its own. */
export function cleanUpTasks(keys: ClientKeys): Tasks {
  const warmup = keys.warmup.values();
  const own = removeTasks(keys);
  return {
    next() {
      const key = warmup.next().value;
      return key === undefined ? own.next() : { operation: "remove", key };
    },
  };
}

/**
 * Inserts and removes keys that are never measured, in turn: a warm-up for writes that leaves the
 * table unchanged. (The server executes the requests of a connection in order, so no remove comes
 * before its insert.) If it ends after an insert, or a remove fails, the key stays in `keys.warmup`.
 */
export function warmupTasks(keys: ClientKeys): Tasks {
  let n = 0;
  return {
    next() {
      const key = WARMUP_KEYS + keys.number(Math.floor(n / 2));
      if (n++ % 2 === 0) {
        keys.warmup.add(key);
        return { operation: "insert", key };
      }
      return { operation: "remove", key, onDone: () => keys.warmup.delete(key) };
    },
  };
}

/**
 * Chooses random operations by their shares. Lookups and scans take a key of `choose`. Inserts replace
 * the value of such a key. In a mix with removes, inserts add new keys instead, and removes take the
 * oldest new key, so that the keys of lookups stay. (Without a new key, an insert replaces the remove.)
 *
 * @param fraction source of randomness
 */
export function mixTasks(
  mix: MixShares,
  keys: ClientKeys,
  choose: KeyChoice,
  fraction: Fractions,
): Tasks {
  const shares = OPERATIONS.map((operation) => [operation, mix[operation] ?? 0] as const);
  const addsKeys = (mix.remove ?? 0) > 0;
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  const insert = (): Task => addsKeys ? newKeyTask(keys) : { operation: "insert", key: choose() };
  return {
    next() {
      let left = fraction() * total;
      const [chosen = "lookup"] = shares.find(([, share]) => (left -= share) < 0) ?? [];
      if (chosen === "insert") return insert();
      if (chosen !== "remove") return { operation: chosen, key: choose() };
      const key = keys.takeFromReserve();
      return key === undefined ? insert() : { operation: chosen, key };
    },
  };
}

/** Inserts `count` new keys that a mixed load may remove. */
export function reserveTasks(keys: ClientKeys, count: number): Tasks {
  let left = count;
  return { next: () => left-- > 0 ? newKeyTask(keys) : undefined };
}

/** Inserts a key beyond the limit, which no lookup takes. A success adds the key to the reserve. */
function newKeyTask(keys: ClientKeys): Task {
  const key = keys.number(keys.nextNew++);
  return { operation: "insert", key, onDone: () => keys.addToReserve(key) };
}
