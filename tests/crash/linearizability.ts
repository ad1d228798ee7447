/**
 * Whether a history of one key is linearizable: whether all its operations can be put in one order
 * that keeps the order in time, and in which every reply is right.
 *
 * The search is that of Wing and Gong ("Testing and verifying concurrent objects", 1993): the next
 * operation of the order is one that was sent before any other one of those left has returned; where
 * that leads nowhere, another one is tried. As Lowe does ("Testing for linearizability", 2017), what
 * was done and led nowhere is remembered, together with the state of the key.
 *
 * Operations of one session form a chain, so what was done is a position in each chain. An operation
 * without a reply may be left out; the rest of its session then is, too. Three rules shorten the
 * search without changing its outcome:
 *
 * - a reply that shows the present state is taken at once: it changes nothing
 * - an insert whose value nobody saw is taken at once just before another insert, which hides it
 * - a value that is still to be seen, and is inserted only once, must not be replaced
 *
 * A limit of steps bounds it; `undecided` is no success.
 */
import type { Operation, Value } from "./history.ts";

/** Most steps of one search; within it, a memory of at most as many states. */
export const MAX_STEPS = 300_000;

/** What the search found. */
export type Verdict = "linearizable" | "not linearizable" | "undecided";

/** What a key held before the history began, and how long to search. */
export interface SearchOptions {
  /** Default: nothing. */
  readonly initial?: Value;
  /** Default: `MAX_STEPS`. */
  readonly maxSteps?: number;
}

/**
 * Searches for an order that explains a history.
 *
 * @param operations all on one key
 */
export function checkLinearizable(
  operations: readonly Operation[],
  { initial, maxSteps = MAX_STEPS }: SearchOptions = {},
): Verdict {
  return new Search(operations, initial, maxSteps).run();
}

/** An operation as the search needs it. */
interface Step {
  readonly invoked: number;
  readonly returned: number;
  /** False: it may never have happened. */
  readonly isCertain: boolean;
  /** The state that it needs, where it needs one. */
  readonly needs: { readonly value: Value } | undefined;
  /** The state that it leaves, where it changes it. */
  readonly leaves: { readonly value: Value } | undefined;
  /** Whether it is an insert whose value nobody saw. */
  readonly isUnseen: boolean;
  /** When it is late for it, or for the first one that saw its value: a good order in which to try. */
  readonly dueBy: number;
}

/** Steps in a fixed order, and for each position what is left from there on. */
interface Chain {
  readonly steps: readonly Step[];
  /** When the first certain one of the rest has returned. */
  readonly certainReturn: readonly number[];
  /** When the first one of the rest that may have happened can do so no more. */
  readonly uncertainReturn: readonly number[];
}

/** A state of the search. */
interface Node {
  readonly positions: readonly number[];
  readonly value: Value;
  /** Certain steps that are left. */
  readonly left: number;
  /** When the last one taken was sent: what had to happen before that is not possible any more. */
  readonly lastInvoked: number;
}

class Search {
  readonly #chains: readonly Chain[];
  readonly #initial: Value;
  readonly #maxSteps: number;
  /** How often each value is inserted: where only once, it must be seen before it is replaced. */
  readonly #inserts = new Map<string, number>();
  readonly #seenBy = new Map<string, Step[]>();
  readonly #seen = new Set<string>();
  readonly #numbers = new Map<Value, number>();
  readonly #places = new Map<Step, readonly [chain: number, at: number]>();

  constructor(operations: readonly Operation[], initial: Value, maxSteps: number) {
    this.#initial = initial;
    this.#maxSteps = maxSteps;
    if (initial !== undefined) this.#inserts.set(initial, 1);
    this.#chains = chainsOf(operations).map(chainOf);
    for (const [chain, { steps }] of this.#chains.entries()) {
      for (const [at, step] of steps.entries()) this.#index(step, chain, at);
    }
  }

  run(): Verdict {
    for (const value of this.#seenBy.keys()) {
      if (!this.#inserts.has(value)) return "not linearizable"; // nobody wrote it
    }
    const first: Node = {
      positions: this.#chains.map(() => 0),
      value: this.#initial,
      left: this.#chains.flatMap(({ steps }) => steps).filter(({ isCertain }) => isCertain).length,
      lastInvoked: -Infinity,
    };
    const untried: Node[] = [first];
    for (let steps = 0; steps < this.#maxSteps; steps++) {
      const node = untried.pop();
      if (node === undefined) return "not linearizable";
      const settled = this.#takeFreely(
        node,
        ({ leaves, needs }) => leaves === undefined && needs?.value === node.value,
      );
      if (settled.left === 0) return "linearizable";
      if (!this.#isNew(settled)) continue;
      untried.push(...this.#next(settled));
    }
    return "undecided";
  }

  #index(step: Step, chain: number, at: number): void {
    this.#places.set(step, [chain, at]);
    const inserted = step.leaves?.value;
    if (inserted !== undefined) {
      this.#inserts.set(inserted, (this.#inserts.get(inserted) ?? 0) + 1);
    }
    const seen = step.needs?.value;
    if (seen === undefined) return;
    const readers = this.#seenBy.get(seen);
    if (readers) readers.push(step);
    else this.#seenBy.set(seen, [step]);
  }

  /** Takes all of a kind that leaves the state as it is, where that forecloses nothing. */
  #takeFreely(node: Node, isOfKind: (step: Step) => boolean): Node {
    const positions = [...node.positions];
    let { left, lastInvoked } = node;
    for (let hasTaken = true; hasTaken;) {
      hasTaken = false;
      const { certain, uncertain } = this.#bounds(positions, lastInvoked);
      for (const [chain, { steps }] of this.#chains.entries()) {
        const step = steps[positions[chain] ?? 0];
        if (!step?.isCertain || step.invoked > certain || step.invoked > uncertain) continue;
        if (!isOfKind(step)) continue;
        positions[chain] = (positions[chain] ?? 0) + 1;
        lastInvoked = Math.max(lastInvoked, step.invoked);
        left--;
        hasTaken = true;
        break; // the bounds are others now
      }
    }
    return { positions, value: node.value, left, lastInvoked };
  }

  /** What may come next, the most promising last. */
  #next(node: Node): Node[] {
    const { certain } = this.#bounds(node.positions, node.lastInvoked);
    const found: { dueBy: number; node: Node }[] = [];
    for (const [chain, { steps }] of this.#chains.entries()) {
      const step = steps[node.positions[chain] ?? 0];
      if (step === undefined || step.invoked > certain || isLate(step, node.lastInvoked)) continue;
      if (step.needs && step.needs.value !== node.value) continue;
      const value = step.leaves ? step.leaves.value : node.value;
      const isInsert = step.leaves?.value !== undefined;
      const before = isInsert
        ? this.#takeFreely(node, (other) => other.isUnseen && other !== step)
        : node;
      const positions = before.positions.map((at, other) => other === chain ? at + 1 : at);
      if (value !== node.value && this.#isStillNeeded(node.value, positions)) continue;
      found.push({
        dueBy: step.dueBy,
        node: {
          positions,
          value,
          left: before.left - (step.isCertain ? 1 : 0),
          lastInvoked: Math.max(before.lastInvoked, step.invoked),
        },
      });
    }
    return found.sort((a, b) => b.dueBy - a.dueBy).map(({ node }) => node);
  }

  /** Whether a value that cannot come back is still to be seen. */
  #isStillNeeded(value: Value, positions: readonly number[]): boolean {
    if (value === undefined || this.#inserts.get(value) !== 1) return false;
    return (this.#seenBy.get(value) ?? []).some((step) => {
      const [chain, at] = this.#places.get(step) ?? [0, 0];
      return step.isCertain && at >= (positions[chain] ?? 0);
    });
  }

  /** Before when the next step must have been sent, and which instant must not be passed unasked. */
  #bounds(
    positions: readonly number[],
    lastInvoked: number,
  ): { certain: number; uncertain: number } {
    let certain = Infinity, uncertain = Infinity;
    for (const [chain, { certainReturn, uncertainReturn, steps }] of this.#chains.entries()) {
      const at = positions[chain] ?? 0;
      const step = steps[at];
      if (step === undefined || isLate(step, lastInvoked)) continue;
      certain = Math.min(certain, certainReturn[at] ?? Infinity);
      uncertain = Math.min(uncertain, uncertainReturn[at] ?? Infinity);
    }
    return { certain, uncertain };
  }

  /** False where the same was done before and led to the same value. */
  #isNew({ positions, value, lastInvoked }: Node): boolean {
    const done = positions.map((at, chain) => {
      const { steps = [] } = this.#chains[chain] ?? {};
      const step = steps[at];
      // What cannot happen any more makes no difference.
      return step === undefined || isLate(step, lastInvoked) ? steps.length : at;
    });
    const name = `${done.join()}:${this.#numberOf(value)}`;
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    return true;
  }

  /** Values may be long. */
  #numberOf(value: Value): number {
    const number = this.#numbers.get(value) ?? this.#numbers.size;
    this.#numbers.set(value, number);
    return number;
  }
}

/** Whether a step can happen no more, so that it never did. */
function isLate(step: Step, lastInvoked: number): boolean {
  return !step.isCertain && step.returned < lastInvoked;
}

/** Operations of each session in their order; those without a session each for itself. */
function chainsOf(operations: readonly Operation[]): Step[][] {
  const firstSeenBy = new Map<string, number>();
  for (const { action, reply, returned } of operations) {
    if (action.method === "insert" || reply?.value === undefined) continue;
    const { value } = reply;
    firstSeenBy.set(value, Math.min(returned, firstSeenBy.get(value) ?? Infinity));
  }
  const chains: Step[][] = [];
  const sessions = new Map<number, Step[]>();
  for (const operation of [...operations].sort((a, b) => a.invoked - b.invoked)) {
    const step = stepOf(operation, firstSeenBy);
    if (step === undefined) continue;
    const { session } = operation;
    const chain = session === undefined ? undefined : sessions.get(session);
    if (chain === undefined) {
      const begun = [step];
      chains.push(begun);
      if (session !== undefined) sessions.set(session, begun);
      continue;
    }
    if (step.isCertain && chain.at(-1)?.isCertain === false) {
      throw new Error(`Session ${session} has a reply behind a request without one`);
    }
    chain.push(step);
  }
  return chains;
}

/** @returns undefined where it explains nothing and needs no explanation */
function stepOf(
  { action, reply, invoked, returned }: Operation,
  firstSeenBy: ReadonlyMap<string, number>,
): Step | undefined {
  const isCertain = reply !== undefined;
  const step = { invoked, returned, isCertain, isUnseen: false, dueBy: returned };
  if (action.method === "insert") {
    const seenBy = firstSeenBy.get(action.value);
    const isUnseen = seenBy === undefined;
    // One that nobody saw may as well not have happened.
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

function chainOf(steps: readonly Step[]): Chain {
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
