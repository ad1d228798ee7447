/** The verdict on the history of a key: the kind of failure that it shows, if any. */
import { formatHistory, formatValue, type Operation, type Value } from "./history.ts";
import { checkLinearizable } from "./linearizability.ts";
import { shrinkHistory } from "./shrink_history.ts";

/** Kinds of wrong behavior of a table. */
export type Failure =
  | "acknowledged change lost"
  | "removed key back"
  | "value that no client wrote"
  | "replies that no order explains"
  | "search too long";

/** Wrong behavior that a history shows. */
export interface Finding {
  readonly failure: Failure;
  /** The smallest part of the history that shows it, for a message. */
  readonly story: string;
}

/**
 * Judges the history of a key.
 *
 * @param operations all operations; the last one is a lookup after the restart
 * @param initial value before the history (default: the key is missing)
 * @param past values that were written earlier (default: none)
 * @returns undefined if the history shows no wrong behavior
 */
export function judge(
  key: string,
  operations: readonly Operation[],
  initial?: Value,
  past: ReadonlySet<string> = new Set(),
): Finding | undefined {
  const verdict = checkLinearizable(operations, { initial });
  if (verdict === "linearizable") return undefined;
  const head = `${key} (${operations.length} operations, initially ${formatValue(initial)})`;
  if (verdict === "undecided") {
    return { failure: "search too long", story: `${head}\n${formatHistory(operations)}` };
  }
  const part = formatHistory(shrinkHistory(operations, initial));
  return {
    failure: classify(operations, initial, past),
    story: `${head}: no order explains\n${part}`,
  };
}

function classify(
  operations: readonly Operation[],
  initial: Value,
  past: ReadonlySet<string>,
): Failure {
  const known = new Set([undefined, initial, ...past]);
  for (const { action } of operations) if (action.method === "insert") known.add(action.value);
  if (!operations.every(({ reply }) => known.has(reply?.value))) {
    return "value that no client wrote";
  }
  const byTime = [...operations].sort((a, b) => a.invoked - b.invoked);
  const last = byTime.pop();
  if (checkLinearizable(byTime, { initial }) !== "linearizable") {
    return "replies that no order explains";
  }
  const final = last?.reply?.value;
  const wasRemoved = byTime.some(({ action, reply }) =>
    action.method === "remove" && reply !== undefined && reply.value === final
  );
  return final !== undefined && wasRemoved ? "removed key back" : "acknowledged change lost";
}
