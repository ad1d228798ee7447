/** Says what is wrong with the history of a key, if anything is. */
import { historyText, type Operation, type Value, valueText } from "./history.ts";
import { checkLinearizable } from "./linearizability.ts";
import { shrinkHistory } from "./shrink_history.ts";

/** The ways in which a table can be wrong. */
export type Wrong =
  | "acknowledged change lost"
  | "removed key back"
  | "value that nobody wrote"
  | "replies that no order explains"
  | "search too long";

/** What is wrong with a key. */
export interface Finding {
  readonly wrong: Wrong;
  /** For people: the smallest part of the history that shows it. */
  readonly story: string;
}

/**
 * Judges a key.
 *
 * @param operations the last of them all is a lookup after the restart
 * @param initial what the key held before (default: nothing)
 * @param past values that were written before (default: none)
 * @returns undefined where all is right
 */
export function judge(
  key: string,
  operations: readonly Operation[],
  initial?: Value,
  past: ReadonlySet<string> = new Set(),
): Finding | undefined {
  const verdict = checkLinearizable(operations, { initial });
  if (verdict === "linearizable") return undefined;
  const head = `${key} (${operations.length} operations, at first ${valueText(initial)})`;
  if (verdict === "undecided") {
    return { wrong: "search too long", story: `${head}\n${historyText(operations)}` };
  }
  const part = historyText(shrinkHistory(operations, initial));
  return { wrong: kindOf(operations, initial, past), story: `${head}: no order explains\n${part}` };
}

function kindOf(
  operations: readonly Operation[],
  initial: Value,
  past: ReadonlySet<string>,
): Wrong {
  const known = new Set([undefined, initial, ...past]);
  for (const { action } of operations) if (action.method === "insert") known.add(action.value);
  if (!operations.every(({ reply }) => known.has(reply?.value))) return "value that nobody wrote";
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
