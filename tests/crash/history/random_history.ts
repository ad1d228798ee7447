/** Histories for the test of the checker: examples as texts, random histories, and all orders. */
import type { Random } from "../../../bench/harness/random.ts";
import type { Action, Operation, Value } from "./history.ts";

/** Parses a history: operations like `1-10 put a`, `2- remove ?`, `3-4 get - @1`. */
export function historyOf(text: string): Operation[] {
  return text.split(", ").filter((line) => line !== "").map((line) => {
    const parts = /^(\d+)-(\d*) (put|get|remove)(?: (\w+|-))?( \?)?(?: @(\d+))?$/.exec(line);
    if (parts === null) throw new Error(`Not an operation: ${line}`);
    const [, invoked, returned, kind, word, unanswered, connection] = parts;
    const value = word === "-" ? undefined : word;
    const action: Action = kind === "put"
      ? { method: "insert", value: value ?? "" }
      : { method: kind === "get" ? "lookup" : "remove" };
    return {
      action,
      invoked: Number(invoked),
      returned: returned === "" ? Infinity : Number(returned),
      reply: unanswered ? undefined : { value: kind === "put" ? undefined : value },
      ...(connection === undefined ? {} : { connection: Number(connection) }),
    };
  });
}

/** Finds a value that was replaced before a read was sent, so that the read must not return it. */
export function findOldValue(history: readonly Operation[], read: Operation): string[] {
  const inserts = history.filter(({ action, reply }) => reply && action.method === "insert");
  const lastBefore = inserts.filter(({ returned }) => returned < read.invoked)
    .sort((a, b) => a.invoked - b.invoked).at(-1);
  const old = inserts.find(({ returned }) => lastBefore && returned < lastBefore.invoked);
  return old?.action.method === "insert" ? [old.action.value] : [];
}

/**
 * Makes a right history: operations are executed one after another, within random intervals.
 *
 * @param width number of connections, and so of overlapping intervals
 */
export function randomHistory(random: Random, size: number, width: number): Operation[] {
  const history: Operation[] = [];
  let value: Value;
  const connections = Array.from({ length: width }, () => ({ id: 0, freeAt: 0, returned: 0 }));
  let nextConnection = 1;
  for (const connection of connections) connection.id = nextConnection++;
  for (let number = 0; number < size; number++) {
    const instant = (number + 1) * 100;
    const connection = connections[random.below(width)];
    if (connection === undefined) continue;
    const invoked = Math.max(connection.freeAt, instant - random.below(100 * width));
    // Requests of a connection are executed and answered in their order.
    const returned = Math.max(connection.returned + 1, instant + random.below(100 * width));
    connection.freeAt = invoked + 1;
    connection.returned = returned;
    const interval = { invoked, returned, connection: connection.id };
    const isAnswered = random.below(40) > 0;
    const isExecuted = isAnswered || random.below(2) === 0;
    const chosen = random.below(4);
    const action: Action = chosen === 0
      ? { method: "insert", value: `v${number}` }
      : { method: chosen === 1 ? "remove" : "lookup" };
    const shown = action.method === "insert" ? undefined : value;
    history.push({ ...interval, action, reply: isAnswered ? { value: shown } : undefined });
    if (isExecuted) value = valueAfter(action, value);
    // A connection ends with its first request without a reply.
    if (!isAnswered) connection.id = nextConnection++;
  }
  return history;
}

/** Makes a few operations with random intervals and replies, right or wrong; some have a connection. */
export function smallHistory(random: Random): Operation[] {
  const values = ["a", "b", "c"] as const;
  const size = 1 + random.below(6);
  const areInConnections = random.below(2) === 0;
  const history: Operation[] = [];
  for (let number = 0; number < size; number++) {
    const invoked = random.below(12) * 10 + number;
    const returned = invoked + 5 + random.below(80);
    const value = values[random.below(values.length)] ?? "a";
    const seen = random.below(3) === 0 ? undefined : value;
    const kind = random.below(3);
    const action: Action = kind === 0
      ? { method: "insert", value }
      : { method: kind === 1 ? "lookup" : "remove" };
    const isAnswered = random.below(4) > 0;
    history.push({
      action,
      invoked,
      returned: !isAnswered && random.below(3) === 0 ? Infinity : returned,
      reply: isAnswered ? { value: action.method === "insert" ? undefined : seen } : undefined,
    });
  }
  return areInConnections ? dealToConnections(random, history) : history;
}

/** Deals operations to two connections; after a request without a reply, a connection has no reply. */
function dealToConnections(random: Random, history: readonly Operation[]): Operation[] {
  const ended = new Set<number>();
  return [...history].sort((a, b) => a.invoked - b.invoked).map((operation) => {
    const connection = random.below(3);
    if (connection === 2 || (operation.reply && ended.has(connection))) return operation;
    if (operation.reply) return { ...operation, connection };
    ended.add(connection);
    return { ...operation, connection, returned: Infinity };
  });
}

/** The definition of linearizable: tries every order of every choice of operations without a reply. */
export function hasOrder(
  left: readonly Operation[],
  value: Value,
  done: Operation[] = [],
): boolean {
  if (left.every(({ reply }) => reply === undefined)) return true;
  return left.some((next) => {
    const rest = left.filter((other) => other !== next);
    // No answered operation that is left may have returned before `next` was sent, nor `next` before `done`.
    if (rest.some(({ reply, returned }) => reply && returned < next.invoked)) return false;
    if (done.some(({ invoked }) => next.returned < invoked)) return false;
    const { connection } = next;
    const isBefore = (one: Operation) =>
      one.connection === connection && one.invoked < next.invoked;
    if (connection !== undefined && rest.some(isBefore)) return false;
    const { action, reply } = next;
    if (action.method !== "insert" && reply && reply.value !== value) return false;
    return hasOrder(rest, valueAfter(action, value), [...done, next]);
  });
}

function valueAfter(action: Action, value: Value): Value {
  if (action.method === "lookup") return value;
  return action.method === "insert" ? action.value : undefined;
}
