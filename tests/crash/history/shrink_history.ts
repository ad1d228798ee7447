/** The reduction of a wrong history to a part that shows the reason. */
import type { Operation, Value } from "./history.ts";
import { checkLinearizable } from "./linearizability.ts";

/** Steps of one search here: an operation stays if the search takes longer. */
const MAX_STEPS = 5_000;

/** Size of a history up to which single operations are removed. */
const MAX_TO_TRY = 200;

/** A value in place of all values that no reply shows. */
const UNSEEN = "\0 an unseen value";

/**
 * Removes operations without which a right history stays right, while the rest is still wrong.
 *
 * @param history a history of one key that is not linearizable
 * @param initial value before the history
 * @returns operations that are wrong for any value before them, if there are any
 */
export function shrinkHistory(history: readonly Operation[], initial: Value): Operation[] {
  const start = findShortestStart(history, initial);
  let part = findShortestEnd(start) ?? start;
  // If the part is wrong only after the initial value, that value must stay known.
  const isWrong = isAlwaysWrong(part)
    ? isAlwaysWrong
    : (rest: readonly Operation[]) => isWrongAfter(rest, initial);
  if (part.length > MAX_TO_TRY) return part;
  for (let before = Infinity; part.length < before;) {
    before = part.length;
    for (const one of part.toReversed()) {
      const rest = part.filter((other) => other !== one);
      if (isDispensable(one, part) && isWrong(rest)) part = rest;
    }
  }
  return part;
}

function isWrongAfter(part: readonly Operation[], initial: Value): boolean {
  return checkLinearizable(part, { initial, maxSteps: MAX_STEPS }) === "not linearizable";
}

/** Whether a part is wrong for any value before it; values are unique. */
function isAlwaysWrong(part: readonly Operation[]): boolean {
  const written = new Set<Value>();
  for (const { action, reply } of part) {
    if (action.method === "insert" && reply) written.add(action.value);
  }
  // A value with an acknowledged insert in this part did not exist before it.
  const before = new Set(part.map(({ reply }) => reply?.value).filter((one) => !written.has(one)));
  return [undefined, UNSEEN, ...before].every((initial) => isWrongAfter(part, initial));
}

/** The shortest start of a history that is wrong; replies after its end count as missing. */
function findShortestStart(history: readonly Operation[], initial: Value): Operation[] {
  const ends = history.flatMap(({ reply, returned }) => reply ? [returned] : [])
    .sort((a, b) => a - b);
  const until = (end: number) =>
    history.filter(({ invoked }) => invoked <= end)
      .map((one) => one.returned > end ? { ...one, reply: undefined } : one);
  const first = findFirst(ends.length, (at) => isWrongAfter(until(ends[at] ?? 0), initial));
  return until(ends[first] ?? Infinity).sort((a, b) => a.invoked - b.invoked);
}

/** The shortest end of a history that is wrong; operations in flight at its start may be before it. */
function findShortestEnd(history: readonly Operation[]): Operation[] | undefined {
  const from = (start: number) =>
    history.filter(({ returned }) => returned >= start).map((one) => {
      if (one.invoked >= start) return one;
      const { connection: _, ...rest } = one;
      return { ...rest, reply: undefined };
    });
  const starts = history.map(({ invoked }) => invoked);
  const firstRight = findFirst(starts.length, (at) => !isAlwaysWrong(from(starts[at] ?? 0)));
  return firstRight === 0 ? undefined : from(starts[firstRight - 1] ?? 0);
}

/** The first index for which a condition is true that is also true for all later ones. */
function findFirst(count: number, holds: (at: number) => boolean): number {
  let no = -1, yes = count;
  while (yes - no > 1) {
    const middle = (no + yes) >> 1;
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

/** Whether a right history stays right without an operation: no reply shows its effect. */
function isDispensable({ action, reply }: Operation, among: readonly Operation[]): boolean {
  if (action.method === "insert") {
    return !among.some((other) =>
      other.action.method !== "insert" && other.reply?.value === action.value
    );
  }
  return action.method === "lookup" || (reply !== undefined && reply.value === undefined);
}
