/** The part of a wrong history that shows why it is wrong. */
import type { Operation, Value } from "./history.ts";
import { checkLinearizable } from "./linearizability.ts";

/** Steps of one search here: what takes longer is left in. */
const MAX_STEPS = 5_000;

/** Most operations among which single ones are tried to be left out. */
const MAX_TO_TRY = 200;

/** Stands for all values that nobody saw. */
const UNSEEN = "\0 a value that nobody saw";

/**
 * Leaves out what a right history could do without, as long as the rest is wrong.
 *
 * @param history of one key; not linearizable
 * @param initial what the key held before
 * @returns operations that no value of the key before them can explain
 */
export function shrinkHistory(history: readonly Operation[], initial: Value): Operation[] {
  const beginning = shortestBeginning(history, initial);
  let part = shortestEnd(beginning) ?? beginning;
  // Where only the value before all of it makes it wrong, that value is to be known.
  const isWrong = isWrongWhatever(part)
    ? isWrongWhatever
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

/** Whether it is wrong whatever the key held before; values are unique. */
function isWrongWhatever(part: readonly Operation[]): boolean {
  const written = new Set<Value>();
  for (const { action, reply } of part) {
    if (action.method === "insert" && reply) written.add(action.value);
  }
  // What was surely written later was not there before.
  const before = new Set(part.map(({ reply }) => reply?.value).filter((one) => !written.has(one)));
  return [undefined, UNSEEN, ...before].every((initial) => isWrongAfter(part, initial));
}

/** What was sent before an instant, where what returned after it counts as unanswered. */
function shortestBeginning(history: readonly Operation[], initial: Value): Operation[] {
  const ends = history.flatMap(({ reply, returned }) => reply ? [returned] : [])
    .sort((a, b) => a - b);
  const until = (end: number) =>
    history.filter(({ invoked }) => invoked <= end)
      .map((one) => one.returned > end ? { ...one, reply: undefined } : one);
  const first = firstWhere(ends.length, (at) => isWrongAfter(until(ends[at] ?? 0), initial));
  return until(ends[first] ?? Infinity).sort((a, b) => a.invoked - b.invoked);
}

/** What was sent from an instant on; what was under way then may have happened after it, or not. */
function shortestEnd(history: readonly Operation[]): Operation[] | undefined {
  const from = (start: number) =>
    history.filter(({ returned }) => returned >= start).map((one) => {
      if (one.invoked >= start) return one;
      const { session: _, ...rest } = one;
      return { ...rest, reply: undefined };
    });
  const starts = history.map(({ invoked }) => invoked);
  const firstRight = firstWhere(starts.length, (at) => !isWrongWhatever(from(starts[at] ?? 0)));
  return firstRight === 0 ? undefined : from(starts[firstRight - 1] ?? 0);
}

/** The first index for which something is true that is true for all later ones. */
function firstWhere(count: number, isSo: (at: number) => boolean): number {
  let not = -1, so = count;
  while (so - not > 1) {
    const middle = (not + so) >> 1;
    if (isSo(middle)) so = middle;
    else not = middle;
  }
  return so;
}

/** Whether a right history stays right without it: it changes nothing, or nobody saw what it did. */
function isDispensable({ action, reply }: Operation, among: readonly Operation[]): boolean {
  if (action.method === "insert") {
    return !among.some((other) =>
      other.action.method !== "insert" && other.reply?.value === action.value
    );
  }
  return action.method === "lookup" || (reply !== undefined && reply.value === undefined);
}
