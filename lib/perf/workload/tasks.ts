/** What each client does in a stage, in a warm-up, before the first stage and after the last. */
import type { MixShares } from "../../config/workload_flags.ts";
import type { ClientKeys } from "./client_keys.ts";
import type { KeyChoice } from "./key_distribution.ts";
import { WARMUP_KEYS } from "./keys.ts";
import type { Fractions } from "./seeded_streams.ts";
import { OPERATIONS, type Task, type Tasks } from "./operation.ts";

/**
 * Inserts a client's keys in order. Where their number is limited (`--keys`) it begins again at the
 * first one, and so replaces values.
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

/** Inserts what a client's keys lack up to their limit; nothing where they have none. */
export function fillTasks(keys: ClientKeys): Tasks {
  return {
    next() {
      if (keys.limit === Infinity || keys.end >= keys.limit) return undefined;
      return { operation: "insert", key: keys.number(keys.end++) };
    },
  };
}

/** Looks up or scans for a client's keys in order, again and again. */
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

/** Looks up or scans for keys by chance. */
export function randomReadTasks(operation: "lookup" | "scan", choose: KeyChoice): Tasks {
  return { next: () => ({ operation, key: choose() }) };
}

/** Removes a client's keys, each once; ends when none is left. */
export function removeTasks(keys: ClientKeys): Tasks {
  return {
    next() {
      const key = keys.takeNext();
      return key === undefined ? undefined : { operation: "remove", key };
    },
  };
}

/** Removes all that a client may have left in the table: what warm-ups left, then its keys. */
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
 * Inserts and removes, by turns, keys that are never measured: a warm-up for changes that leaves the
 * table as it was. (Requests of one connection are executed in their order, so none is missing.)
 * Where it ends after an insert, or a remove fails, the key stays noted in `keys.warmup`.
 *
 * @param keys whose client it is
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
 * Operations by chance, by their shares. Lookups and scans take any key by `choose`. Inserts replace
 * such a key; but where the mix has removes, they add new keys, removes take the oldest of these, and
 * the keys that are looked up stay. (Where none of them is there to remove, one is inserted.)
 *
 * @param fraction where the chance comes from
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

/**
 * Inserts new keys that a mixed load may remove.
 *
 * @param count so many
 */
export function reserveTasks(keys: ClientKeys, count: number): Tasks {
  let left = count;
  return { next: () => left-- > 0 ? newKeyTask(keys) : undefined };
}

/** Keys beyond the limit: nobody looks them up. They count as there once their insert succeeded. */
function newKeyTask(keys: ClientKeys): Task {
  const key = keys.number(keys.nextNew++);
  return { operation: "insert", key, onDone: () => keys.addToReserve(key) };
}
