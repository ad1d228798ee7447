/** The history of a table: the requests of clients and their replies, in the order of one clock. */

/** A JSON text; undefined: the key is not in the table. */
export type Value = string | undefined;

/** A request on one key. */
export type Action =
  | { readonly method: "insert"; readonly value: string }
  | { readonly method: "lookup" | "remove" };

/**
 * One operation on one key. It took effect at one instant between `invoked` and `returned`. Without a
 * reply, it may also never have taken effect.
 */
export interface Operation {
  readonly action: Action;
  /** The time just before the request was sent, in ticks of the history's clock. */
  readonly invoked: number;
  /** The time of the reply; without a reply: the time from which the operation cannot take effect. */
  readonly returned: number;
  /** The value in the reply, or none for an insert; undefined: no reply came. */
  readonly reply: { readonly value: Value } | undefined;
  /** Number of the connection, whose requests take effect in their order; undefined: no such order. */
  readonly connection?: number;
  /** The client, for messages. */
  readonly by?: string;
}

/** An operation that was sent and has no reply yet. */
export interface Pending {
  readonly key: string;
  readonly action: Action;
  readonly invoked: number;
  readonly connection: number;
  readonly by: string;
}

/** Collects the operations of all clients. */
export class History {
  #ticks = 0;
  readonly #pending = new Set<Pending>();
  readonly #byKey = new Map<string, Operation[]>();

  /** Number of operations that were sent, and of those with a reply. */
  sent = 0;
  acknowledged = 0;

  /** Records that an operation is about to be sent. */
  invoke(operation: Omit<Pending, "invoked">): Pending {
    const pending = { ...operation, invoked: ++this.#ticks };
    this.#pending.add(pending);
    this.sent++;
    return pending;
  }

  /** Records the reply of an operation. */
  acknowledge(pending: Pending, value: Value): void {
    this.#end(pending, { value });
    this.acknowledged++;
  }

  /** Removes an operation that was never sent. */
  forget(pending: Pending): void {
    this.#pending.delete(pending);
    this.sent--;
  }

  /** Records the end of the server: operations without a reply took effect before it, or never. */
  crash(): void {
    for (const pending of this.#pending) this.#end(pending, undefined);
  }

  /** Records the value of a key now, as a lookup. */
  observe(key: string, value: Value, by: string): void {
    const action = { method: "lookup" } as const;
    this.acknowledge(this.invoke({ key, action, connection: -1, by }), value);
  }

  /** The keys of all operations. */
  keys(): string[] {
    return [...this.#byKey.keys()];
  }

  /** The finished operations on a key, in any order. */
  of(key: string): readonly Operation[] {
    return this.#byKey.get(key) ?? [];
  }

  /** The values of all inserts. */
  inserted(): string[] {
    return [...this.#byKey.values()].flat()
      .flatMap(({ action }) => action.method === "insert" ? [action.value] : []);
  }

  #end(pending: Pending, reply: Operation["reply"]): void {
    if (!this.#pending.delete(pending)) throw new Error("An operation ended twice");
    const { key, ...rest } = pending;
    const operations = this.#byKey.get(key) ?? [];
    operations.push({ ...rest, returned: ++this.#ticks, reply });
    this.#byKey.set(key, operations);
  }
}

/** Formats operations as lines, in the order in which they were sent. */
export function formatHistory(operations: readonly Operation[], maxLines = 40): string {
  const lines = [...operations].sort((a, b) => a.invoked - b.invoked).map(formatOperation);
  const left = lines.length - maxLines;
  return left <= 0 ? lines.join("\n") : [
    ...lines.slice(0, maxLines / 2),
    `  ... ${left} more ...`,
    ...lines.slice(-maxLines / 2),
  ].join("\n");
}

function formatOperation({ action, invoked, returned, reply, by }: Operation): string {
  const what = action.method === "insert" ? `insert ${formatValue(action.value)}` : action.method;
  const result = reply === undefined
    ? "no reply yet"
    : action.method === "insert"
    ? "OK"
    : formatValue(reply.value);
  return `  [${invoked}, ${returned}] ${by ?? ""}: ${what} -> ${result}`;
}

/** Formats a value for a message. */
export function formatValue(value: Value): string {
  if (value === undefined) return "KeyError";
  return value.length <= 60 ? value : `${value.slice(0, 60)}... (${value.length} characters)`;
}
