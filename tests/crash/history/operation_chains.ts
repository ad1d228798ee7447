/** The operations of a history as chains of steps, in the form that the search for an order needs. */
import type { Operation, Value } from "./history.ts";

/** An operation in the search. */
export interface Step {
  readonly invoked: number;
  readonly returned: number;
  /** False: it may not have been executed. */
  readonly isCertain: boolean;
  /** The value of the key that it needs; undefined: any. */
  readonly needs: { readonly value: Value } | undefined;
  /** The value of the key after it; undefined: the same as before. */
  readonly leaves: { readonly value: Value } | undefined;
  /** Whether it is an insert whose value no reply shows. */
  readonly isUnseen: boolean;
  /** Time when it or the first reply with its value has returned: the search tries steps in this order. */
  readonly dueBy: number;
}

/** Steps in a fixed order, with facts about the rest of the chain from each position on. */
export interface Chain {
  readonly steps: readonly Step[];
  /** Time when the first certain step of the rest has returned. */
  readonly certainReturn: readonly number[];
  /** Time when the first uncertain step of the rest becomes impossible. */
  readonly uncertainReturn: readonly number[];
}

/** Whether a step can no longer be in the order, so that it was not executed. */
export function isLate(step: Step, lastInvoked: number): boolean {
  return !step.isCertain && step.returned < lastInvoked;
}

/** Builds the chain of each connection; an operation without one is a chain of its own. */
export function buildChains(operations: readonly Operation[]): Chain[] {
  return sortSteps(operations).map(withReturns);
}

function sortSteps(operations: readonly Operation[]): Step[][] {
  const firstSeenBy = new Map<string, number>();
  for (const { action, reply, returned } of operations) {
    if (action.method === "insert" || reply?.value === undefined) continue;
    const { value } = reply;
    firstSeenBy.set(value, Math.min(returned, firstSeenBy.get(value) ?? Infinity));
  }
  const chains: Step[][] = [];
  const connections = new Map<number, Step[]>();
  for (const operation of [...operations].sort((a, b) => a.invoked - b.invoked)) {
    const step = toStep(operation, firstSeenBy);
    if (step === undefined) continue;
    const { connection } = operation;
    const chain = connection === undefined ? undefined : connections.get(connection);
    if (chain === undefined) {
      const started = [step];
      chains.push(started);
      if (connection !== undefined) connections.set(connection, started);
      continue;
    }
    if (step.isCertain && chain.at(-1)?.isCertain === false) {
      throw new Error(`Connection ${connection} has a reply behind a request without one`);
    }
    chain.push(step);
  }
  return chains;
}

/** @returns undefined for an operation that has no effect on any reply */
function toStep(
  { action, reply, invoked, returned }: Operation,
  firstSeenBy: ReadonlyMap<string, number>,
): Step | undefined {
  const isCertain = reply !== undefined;
  const step = { invoked, returned, isCertain, isUnseen: false, dueBy: returned };
  if (action.method === "insert") {
    const seenBy = firstSeenBy.get(action.value);
    const isUnseen = seenBy === undefined;
    // An insert without a reply, whose value no reply shows, has no effect on any reply.
    if (isUnseen && !isCertain) return undefined;
    const dueBy = Math.min(returned, seenBy ?? Infinity);
    return { ...step, needs: undefined, leaves: { value: action.value }, isUnseen, dueBy };
  }
  if (action.method === "remove") {
    const isChange = reply === undefined || reply.value !== undefined;
    return { ...step, needs: reply, leaves: isChange ? { value: undefined } : undefined };
  }
  return isCertain ? { ...step, needs: reply, leaves: undefined } : undefined;
}

/** Adds the times that bound the search. */
function withReturns(steps: readonly Step[]): Chain {
  const certainReturn = new Array<number>(steps.length + 1).fill(Infinity);
  const uncertainReturn = [...certainReturn];
  for (let at = steps.length - 1; at >= 0; at--) {
    const { isCertain, returned } = steps[at] ?? { isCertain: true, returned: Infinity };
    certainReturn[at] = Math.min(
      certainReturn[at + 1] ?? Infinity,
      isCertain ? returned : Infinity,
    );
    uncertainReturn[at] = Math.min(
      uncertainReturn[at + 1] ?? Infinity,
      isCertain ? Infinity : returned,
    );
  }
  return { steps, certainReturn, uncertainReturn };
}
