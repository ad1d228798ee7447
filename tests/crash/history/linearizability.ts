/**
 * A checker for linearizability of the history of one key: it searches for an order of all operations that
 * keeps the order in time and in which every reply is right.
 *
 * The search is that of Wing and Gong ("Testing and verifying concurrent objects", 1993). The next
 * operation of the order must have been sent before any other remaining operation has returned. If a choice
 * leads to a dead end, the search tries another one. As Lowe proposes ("Testing for linearizability",
 * 2017), it remembers dead ends together with the value of the key.
 *
 * Operations of one connection form a chain, so the state of a search is a position in each chain. An
 * operation without a reply may be left out, with the rest of its chain. Three rules shorten the search
 * without changing its result:
 *
 * - a reply that shows the current value is taken at once: it changes nothing
 * - an insert whose value no reply shows is taken just before another insert, which hides it
 * - a value that a reply must still show, and that is inserted only once, must not be replaced
 *
 * A limit of steps bounds the search.
 */
import type { Operation, Value } from "./history.ts";
import { buildChains, type Chain, isLate, type Step } from "./operation_chains.ts";

/** Largest number of steps of one search, and of dead ends that it remembers. */
export const MAX_STEPS = 300_000;

/** The result of a search; `undecided` after too many steps. */
export type Verdict = "linearizable" | "not linearizable" | "undecided";

/** Options of a search. */
export interface SearchOptions {
  /** The value before the history (default: the key is missing). */
  readonly initial?: Value;
  /** Default: `MAX_STEPS`. */
  readonly maxSteps?: number;
}

/**
 * Searches for an order that explains a history.
 *
 * @param operations all operations on one key
 */
export function checkLinearizable(
  operations: readonly Operation[],
  { initial, maxSteps = MAX_STEPS }: SearchOptions = {},
): Verdict {
  return new Search(operations, initial, maxSteps).run();
}

/** A state of the search. */
interface Node {
  readonly positions: readonly number[];
  readonly value: Value;
  /** Number of remaining operations that must be in the order. */
  readonly left: number;
  /** Time when the last operation of the order was sent: uncertain ones that returned before are left out. */
  readonly lastInvoked: number;
}

class Search {
  readonly #chains: readonly Chain[];
  readonly #initial: Value;
  readonly #maxSteps: number;
  /** Number of inserts of each value: a value with one insert must be shown before it is replaced. */
  readonly #inserts = new Map<string, number>();
  readonly #seenBy = new Map<string, Step[]>();
  readonly #seen = new Set<string>();
  readonly #numbers = new Map<Value, number>();
  readonly #places = new Map<Step, readonly [chain: number, at: number]>();

  constructor(operations: readonly Operation[], initial: Value, maxSteps: number) {
    this.#initial = initial;
    this.#maxSteps = maxSteps;
    if (initial !== undefined) this.#inserts.set(initial, 1);
    this.#chains = buildChains(operations);
    for (const [chain, { steps }] of this.#chains.entries()) {
      for (const [at, step] of steps.entries()) this.#index(step, chain, at);
    }
  }

  run(): Verdict {
    for (const value of this.#seenBy.keys()) {
      if (!this.#inserts.has(value)) return "not linearizable"; // no operation inserts it
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

  /** Takes operations of a kind that does not change the value, if no other choice becomes impossible. */
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
        break; // the bounds have changed
      }
    }
    return { positions, value: node.value, left, lastInvoked };
  }

  /** Lists possible next states, the most promising last. */
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

  /** Whether a reply must still show a value that cannot come back. */
  #isStillNeeded(value: Value, positions: readonly number[]): boolean {
    if (value === undefined || this.#inserts.get(value) !== 1) return false;
    return (this.#seenBy.get(value) ?? []).some((step) => {
      const [chain, at] = this.#places.get(step) ?? [0, 0];
      return step.isCertain && at >= (positions[chain] ?? 0);
    });
  }

  /** Computes the times by which the next operation was sent, and until which uncertain ones stay possible. */
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

  /** False if another order of the same operations led to the same value. */
  #isNew({ positions, value, lastInvoked }: Node): boolean {
    const done = positions.map((at, chain) => {
      const { steps = [] } = this.#chains[chain] ?? {};
      const step = steps[at];
      // Operations that are left out do not matter.
      return step === undefined || isLate(step, lastInvoked) ? steps.length : at;
    });
    const name = `${done.join()}:${this.#numberOf(value)}`;
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    return true;
  }

  /** Numbers the values, which may be long. */
  #numberOf(value: Value): number {
    const number = this.#numbers.get(value) ?? this.#numbers.size;
    this.#numbers.set(value, number);
    return number;
  }
}
