/** What clients asked of a table and what they were told, in the order of one clock. */

/** A JSON text; undefined: the key is not in the table. */
export type Value = string | undefined;

/** What was asked of one key. */
export type Action =
  | { readonly method: "insert"; readonly value: string }
  | { readonly method: "lookup" | "remove" };

/**
 * One operation on one key.
 *
 * It took effect at one instant after `invoked` and before `returned`; or never, where no reply came.
 */
export interface Operation {
  readonly action: Action;
  /** When it was about to be sent, in ticks of the history's clock. */
  readonly invoked: number;
  /** When its reply was there. Without a reply: after what it cannot have taken effect any more. */
  readonly returned: number;
  /** What it was told; undefined: no reply came. An insert was told nothing. */
  readonly reply: { readonly value: Value } | undefined;
  /** The connection: what one connection asks takes effect in the order of asking. Undefined: in any order. */
  readonly session?: number;
  /** Who asked, for people. */
  readonly by?: string;
}

/** An operation that was sent and has no reply yet. */
export interface Pending {
  readonly key: string;
  readonly action: Action;
  readonly invoked: number;
  readonly session: number;
  readonly by: string;
}

/** Collects the operations of all clients. */
export class History {
  #ticks = 0;
  readonly #pending = new Set<Pending>();
  readonly #byKey = new Map<string, Operation[]>();

  /** Operations that were sent, and those of them that got a reply. */
  sent = 0;
  acknowledged = 0;

  /** Call it before the operation is sent. */
  invoke(operation: Omit<Pending, "invoked">): Pending {
    const pending = { ...operation, invoked: ++this.#ticks };
    this.#pending.add(pending);
    this.sent++;
    return pending;
  }

  /** Call it when the reply is there. */
  acknowledge(pending: Pending, value: Value): void {
    this.#end(pending, { value });
    this.acknowledged++;
  }

  /** Call it where an operation never left. */
  forget(pending: Pending): void {
    this.#pending.delete(pending);
    this.sent--;
  }

  /** Call it once the server's process is over: what has no reply took effect before that, or never. */
  crash(): void {
    for (const pending of this.#pending) this.#end(pending, undefined);
  }

  /** Notes what a key held at an instant of now. */
  observe(key: string, value: Value, by: string): void {
    const action = { method: "lookup" } as const;
    this.acknowledge(this.invoke({ key, action, session: -1, by }), value);
  }

  /** Keys with operations. */
  keys(): string[] {
    return [...this.#byKey.keys()];
  }

  /** The operations on a key that are over, in no promised order. */
  of(key: string): readonly Operation[] {
    return this.#byKey.get(key) ?? [];
  }

  /** All values that were sent. */
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

/** Operations as lines, in the order in which they were sent. */
export function historyText(operations: readonly Operation[], most = 40): string {
  const lines = [...operations].sort((a, b) => a.invoked - b.invoked).map(operationText);
  const left = lines.length - most;
  return left <= 0 ? lines.join("\n") : [
    ...lines.slice(0, most / 2),
    `  ... ${left} more ...`,
    ...lines.slice(-most / 2),
  ].join("\n");
}

function operationText({ action, invoked, returned, reply, by }: Operation): string {
  const what = action.method === "insert" ? `insert ${valueText(action.value)}` : action.method;
  const told = reply === undefined
    ? "no reply yet"
    : action.method === "insert"
    ? "OK"
    : valueText(reply.value);
  return `  [${invoked}, ${returned}] ${by ?? ""}: ${what} -> ${told}`;
}

/** A value for people. */
export function valueText(value: Value): string {
  if (value === undefined) return "KeyError";
  return value.length <= 60 ? value : `${value.slice(0, 60)}... (${value.length} characters)`;
}
