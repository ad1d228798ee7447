/** Histories for the test of the checker: single operations, random histories, and all orders. */
import type { Random } from "../../../bench/harness/random.ts";
import type { Operation, Value } from "./history.ts";

type Interval = readonly [invoked: number, returned: number];

export const put = (
  [invoked, returned]: Interval,
  value: string,
  connection?: number,
): Operation => ({
  action: { method: "insert", value },
  invoked,
  returned,
  reply: { value: undefined },
  ...(connection === undefined ? {} : { connection }),
});
export const get = (
  [invoked, returned]: Interval,
  value: Value,
  connection?: number,
): Operation => ({
  action: { method: "lookup" },
  invoked,
  returned,
  reply: { value },
  ...(connection === undefined ? {} : { connection }),
});
export const remove = ([invoked, returned]: Interval, value: Value): Operation => ({
  action: { method: "remove" },
  invoked,
  returned,
  reply: { value },
});
export const unanswered = (operation: Operation): Operation => ({ ...operation, reply: undefined });

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
    const reply = { value };
    switch (random.below(4)) {
      case 0: {
        const inserted = `v${number}`;
        const action = { method: "insert", value: inserted } as const;
        history.push({
          ...interval,
          action,
          reply: isAnswered ? { value: undefined } : undefined,
        });
        if (isExecuted) value = inserted;
        break;
      }
      case 1:
        history.push({
          ...interval,
          action: { method: "remove" },
          reply: isAnswered ? reply : undefined,
        });
        if (isExecuted) value = undefined;
        break;
      default:
        history.push({
          ...interval,
          action: { method: "lookup" },
          reply: isAnswered ? reply : undefined,
        });
    }
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
    const operation = kind === 0
      ? put([invoked, returned], value)
      : (kind === 1 ? get : remove)([invoked, returned], seen);
    const isAnswered = random.below(4) > 0;
    history.push(
      isAnswered
        ? operation
        : unanswered({ ...operation, returned: random.below(3) === 0 ? Infinity : returned }),
    );
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
    const after = action.method === "insert"
      ? action.value
      : action.method === "remove"
      ? undefined
      : value;
    return hasOrder(rest, after, [...done, next]);
  });
}
