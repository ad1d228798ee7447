/**
 * Evaluates expressions of JX as cctools does: a node of an expression is a function of a record.
 *
 * Nothing is cut short: an error in any part, as a name that the record lacks, is the value of the
 * whole. Operations, loops and long values are counted (`Scope.spend`), so that one record takes a
 * bounded time and memory (I5).
 */
import { JX_FUNCTIONS, UNSUPPORTED } from "./functions.ts";
import { JxSyntaxError } from "./lexer.ts";
import { matchesPosix } from "./posix_match.ts";
import {
  isArray,
  isObject,
  type Jx,
  JX_ERROR,
  jxEquals,
  type JxObject,
  kindOf,
  printDouble,
} from "./value.ts";

/** Work that one expression may take for one record: operations, elements, and pieces of text. */
const MAX_WORK = 10_000;

/** Characters of a text that count as one piece. */
const CHARS_PER_PIECE = 32;

/** An evaluation that would take more than it may. */
export class WorkLimitError extends Error {
  override name = "TooMuchWork";
}

/** The names that an expression can use, and what it may still spend. */
export class Scope {
  readonly #members: JxObject;
  readonly #outer: Scope | undefined;
  #left = MAX_WORK;

  constructor(members: JxObject, outer?: Scope) {
    this.#members = members;
    this.#outer = outer;
  }

  /** The value of a name; undefined where there is none. */
  lookUp(name: string): Jx | undefined {
    if (Object.hasOwn(this.#members, name)) return this.#members[name];
    return this.#outer?.lookUp(name);
  }

  /** A scope in which some names mean something else. */
  with(members: JxObject): Scope {
    return new Scope(members, this);
  }

  /**
   * Counts work: operations, and elements that are made or compared.
   *
   * @throws {WorkLimitError}
   */
  spend(work: number): void {
    if (this.#outer) this.#outer.spend(work);
    else if ((this.#left -= work) < 0) throw new WorkLimitError();
  }

  /** Counts the length of a value that is made or read. */
  spendFor<T extends Jx>(value: T): T {
    if (typeof value === "string") this.spend(Math.ceil(value.length / CHARS_PER_PIECE));
    else if (isArray(value)) this.spend(value.length);
    return value;
  }
}

/** An expression, or a part of one. */
export interface Node {
  readonly evaluate: (scope: Scope) => Jx;
  /** Where it is a name: that. */
  readonly symbol?: string;
  /** Where it is a value as written: that. */
  readonly constant?: Jx;
}

/** `for variable in elements if condition`. */
export interface Loop {
  readonly variable: string;
  readonly elements: Node;
  readonly condition: Node | undefined;
}

/** What stands between two commas. */
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

/** A value as written. */
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

function operate(operator: string, a: Jx, b: Jx, scope: Scope): Jx {
  const [kindA, kindB] = [kindOf(a), kindOf(b)];
  if (kindA !== kindB) {
    if (kindA === "integer" && kindB === "double") return operate(operator, Number(a), b, scope);
    if (kindA === "double" && kindB === "integer") return operate(operator, a, Number(b), scope);
    if (operator === "==" || operator === "!=") return operator === "!=";
    if (operator !== "+" || (kindA !== "string" && kindB !== "string")) return JX_ERROR;
    const [textA, textB] = [printValue(a), printValue(b)];
    return textA === undefined || textB === undefined ? JX_ERROR : textA + textB;
  }
  if (operator === "==" || operator === "!=") {
    if (kindA === "object") return JX_ERROR;
    return jxEquals(a, b, (value) => scope.spendFor(value)) === (operator === "==");
  }
  if (typeof a === "boolean") {
    return operator === "and" ? a && b : operator === "or" ? a || b : JX_ERROR;
  }
  if (isArray(a) && isArray(b)) return operator === "+" ? [...a, ...b] : JX_ERROR;
  if (typeof a === "string" && typeof b === "string") {
    return operator === "+" ? a + b : compare(operator, scope.spendFor(a), b);
  }
  if (typeof a === "bigint" && typeof b === "bigint") return operateOnIntegers(operator, a, b);
  return typeof a === "number" && typeof b === "number"
    ? operateOnDoubles(operator, a, b)
    : JX_ERROR;
}

/** As it is added to a text; undefined where it cannot be. */
function printValue(value: Jx): string | undefined {
  if (typeof value === "number") return printDouble(value);
  return ["string", "bigint", "boolean"].includes(typeof value) ? String(value) : undefined;
}

function compare<T extends string | number | bigint>(operator: string, a: T, b: T): Jx {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
  return JX_ERROR;
}

function operateOnIntegers(operator: string, a: bigint, b: bigint): Jx {
  switch (operator) {
    case "+":
      return BigInt.asIntN(64, a + b);
    case "-":
      return BigInt.asIntN(64, a - b);
    case "*":
      return BigInt.asIntN(64, a * b);
    case "/":
      return b === 0n ? JX_ERROR : BigInt.asIntN(64, a / b);
    case "%":
      return b === 0n ? JX_ERROR : a % b;
  }
  return compare(operator, a, b);
}

function operateOnDoubles(operator: string, a: number, b: number): Jx {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? JX_ERROR : a / b;
    case "%":
      // Of the whole parts; cctools' catalog breaks off where the second one is 0.
      return Math.trunc(b) === 0 ? JX_ERROR : Math.trunc(a) % Math.trunc(b);
  }
  return compare(operator, a, b);
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

/** Adds the values of an item; false where that is an error. */
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

/** `{"name": value}`; of several members with one name, the first counts. */
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
      const item = value.at(Number(BigInt.asIntN(32, at))); // an int, there
      return item === undefined ? JX_ERROR : item;
    },
  };
}

function slice(value: Jx, { from, to }: Slice, scope: Scope): Jx {
  if (!isArray(value)) return JX_ERROR;
  const place = (node: Node | undefined, otherwise: number) => {
    const at = node ? node.evaluate(scope) : BigInt(otherwise);
    return typeof at !== "bigint" ? undefined : Number(at) + (at < 0n ? value.length : 0);
  };
  const [start, end] = [place(from, 0), place(to, value.length)];
  if (start === undefined || end === undefined) return JX_ERROR;
  return value.slice(Math.max(0, start), Math.max(0, end));
}

/**
 * `name(items)`.
 *
 * @throws {JxSyntaxError} for a function of cctools that is not here
 */
export function callOf(name: string, items: readonly Item[]): Node {
  if (UNSUPPORTED.includes(name)) throw new JxSyntaxError(`${name} is not evaluated here`);
  const pattern = name === "like" ? items[0]?.value.constant : undefined;
  if (typeof pattern === "string" && matchesPosix(pattern, "") === undefined) {
    throw new JxSyntaxError("this expression for like is not evaluated here");
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
