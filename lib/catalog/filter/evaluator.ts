/**
 * The nodes of JX expressions, evaluated as in cctools: a node is a function of a scope.
 *
 * No part is skipped: an error in any part, such as a missing name, is the value of the whole.
 * Operations, loops and long values count against a limit (`Scope.spend`), so that one record takes a
 * bounded time and memory (I5).
 */
import { JX_FUNCTIONS, UNSUPPORTED } from "./functions.ts";
import { JxSyntaxError } from "./lexer.ts";
import { operate } from "./operators.ts";
import { matchesPosix } from "./posix_match.ts";
import type { Node, Scope } from "./scope.ts";
import { isArray, isObject, type Jx, JX_ERROR } from "./value.ts";

/** `for variable in elements if condition`. */
export interface Loop {
  readonly variable: string;
  readonly elements: Node;
  readonly condition: Node | undefined;
}

/** One item between two commas. */
export interface Item {
  readonly value: Node;
  readonly loops: readonly Loop[];
}

/** `[from:to]`. */
export interface Slice {
  readonly from: Node | undefined;
  readonly to: Node | undefined;
}

/** `error(...)`. */
export const ERROR_NODE: Node = { evaluate: () => JX_ERROR };

/** A constant. */
export function constantOf(value: Jx): Node {
  return { evaluate: () => value, constant: value };
}

/** A member of the record, or a loop's variable. */
export function symbolOf(symbol: string): Node {
  return {
    symbol,
    evaluate: (scope) => {
      const value = scope.lookUp(symbol);
      return value === undefined ? JX_ERROR : value;
    },
  };
}

/** `- x`, `+ x` and `not x`; a sign before a number is part of it. */
export function unaryOf(operator: string, { evaluate, constant }: Node): Node {
  if (operator !== "not" && (typeof constant === "bigint" || typeof constant === "number")) {
    return constantOf(operator === "+" ? constant : negate(constant));
  }
  return {
    evaluate: (scope) => {
      scope.spend(1);
      const value = evaluate(scope);
      if (operator === "not") return typeof value === "boolean" ? !value : JX_ERROR;
      if (typeof value === "bigint") return operate(operator, 0n, value, scope);
      if (typeof value === "number") return operate(operator, 0, value, scope);
      return typeof value === "string" && operator === "+" ? value : JX_ERROR;
    },
  };
}

function negate(value: bigint | number): bigint | number {
  return typeof value === "bigint" ? BigInt.asIntN(64, -value) : -value;
}

/** `left operator right`. */
export function binaryOf(operator: string, left: Node, right: Node): Node {
  return {
    evaluate: (scope) => {
      scope.spend(1);
      const a = left.evaluate(scope);
      if (a === JX_ERROR) return a;
      const b = right.evaluate(scope);
      return b === JX_ERROR ? b : scope.spendFor(operate(operator, a, b, scope));
    },
  };
}

/** `[a, b for x in y]`. */
export function itemsOf(items: readonly Item[]): Node {
  return { evaluate: (scope) => evaluateItems(items, scope) };
}

function evaluateItems(items: readonly Item[], scope: Scope): readonly Jx[] | typeof JX_ERROR {
  const values: Jx[] = [];
  for (const { value, loops } of items) {
    if (!collect(values, value, loops, scope)) return JX_ERROR;
  }
  return values.includes(JX_ERROR) ? JX_ERROR : scope.spendFor(values);
}

/** Adds the values of an item; returns false if one is an error. */
function collect(values: Jx[], value: Node, loops: readonly Loop[], scope: Scope): boolean {
  const [loop, ...inner] = loops;
  if (!loop) return values.push(value.evaluate(scope)) > 0;
  const elements = loop.elements.evaluate(scope);
  if (!isArray(elements)) return false;
  for (const element of elements) {
    scope.spend(1);
    const inside = scope.with({ [loop.variable]: element });
    const passes = loop.condition?.evaluate(inside) ?? true;
    if (typeof passes !== "boolean") return false;
    if (passes && !collect(values, value, inner, inside)) return false;
  }
  return true;
}

/** `{"name": value}`; of several members with one name, the first one counts. */
export function objectOf(pairs: readonly (readonly [Node, Node])[]): Node {
  return {
    evaluate: (scope) => {
      const members = new Map<string, Jx>();
      for (const [name, value] of pairs) {
        const nameValue: Jx = name.evaluate(scope);
        const memberValue: Jx = value.evaluate(scope);
        if (nameValue === JX_ERROR || memberValue === JX_ERROR) return JX_ERROR;
        if (typeof nameValue === "string" && !members.has(nameValue)) {
          members.set(nameValue, memberValue);
        }
      }
      return Object.fromEntries(members);
    },
  };
}

/** `left[index]`. */
export function lookupOf(left: Node, index: Node | Slice): Node {
  return {
    evaluate: (scope) => {
      const value = left.evaluate(scope);
      if (value === JX_ERROR) return value;
      if (!("evaluate" in index)) return slice(value, index, scope);
      const at = index.evaluate(scope);
      if (isObject(value) && typeof at === "string") {
        return Object.hasOwn(value, at) ? value[at] ?? null : JX_ERROR;
      }
      if (!isArray(value) || typeof at !== "bigint") return JX_ERROR;
      const item = value.at(Number(BigInt.asIntN(32, at))); // an int in cctools
      return item === undefined ? JX_ERROR : item;
    },
  };
}

function slice(value: Jx, { from, to }: Slice, scope: Scope): Jx {
  if (!isArray(value)) return JX_ERROR;
  const position = (node: Node | undefined, otherwise: number) => {
    const at = node ? node.evaluate(scope) : BigInt(otherwise);
    return typeof at !== "bigint" ? undefined : Number(at) + (at < 0n ? value.length : 0);
  };
  const [start, end] = [position(from, 0), position(to, value.length)];
  if (start === undefined || end === undefined) return JX_ERROR;
  return value.slice(Math.max(0, start), Math.max(0, end));
}

/**
 * `name(items)`.
 *
 * @throws {JxSyntaxError} for a function of cctools that is not supported
 */
export function callOf(name: string, items: readonly Item[]): Node {
  if (UNSUPPORTED.includes(name)) throw new JxSyntaxError(`${name} is not supported`);
  const pattern = name === "like" ? items[0]?.value.constant : undefined;
  if (typeof pattern === "string" && matchesPosix(pattern, "") === undefined) {
    throw new JxSyntaxError("this pattern of like is not supported");
  }
  const known = JX_FUNCTIONS.get(name);
  if (!known) return ERROR_NODE;
  if (known.isDeferred) {
    const nodes = items.map(({ value }) => value);
    return { evaluate: (scope) => known.call(nodes, scope) };
  }
  return {
    evaluate: (scope) => {
      const values = evaluateItems(items, scope);
      if (values === JX_ERROR) return values;
      for (const value of values) scope.spendFor(value);
      return scope.spendFor(known.call(values, scope));
    },
  };
}
