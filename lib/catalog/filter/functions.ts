/**
 * The functions of JX that filters can call. The catalog rejects a filter with one of the others
 * (`UNSUPPORTED`): `listdir` and `fetch` read the catalog's disk or network, and no filter needs the
 * rest.
 */
import { matchesPosix } from "./posix_match.ts";
import type { Node, Scope } from "./scope.ts";
import {
  exponentOf,
  isArray,
  isObject,
  type Jx,
  JX_ERROR,
  type JxObject,
  printDouble,
} from "./value.ts";

/** A function of the values of its arguments. */
interface PlainFunction {
  readonly isDeferred: false;
  call(values: readonly Jx[], scope: Scope): Jx;
}

/** A function of its arguments as expressions. */
interface DeferredFunction {
  readonly isDeferred: true;
  call(nodes: readonly Node[], scope: Scope): Jx;
}

/** Functions of cctools that filters cannot call. */
export const UNSUPPORTED: readonly string[] = [
  "escape",
  "fetch",
  "listdir",
  "schema",
  "template",
];

/** Functions by name; the result of any other name is an error. */
export const JX_FUNCTIONS: ReadonlyMap<string, PlainFunction | DeferredFunction> = new Map<
  string,
  PlainFunction | DeferredFunction
>([
  ["basename", plain(basename)],
  ["ceil", plain((values) => round(values, Math.ceil))],
  ["dirname", plain(dirname)],
  ["floor", plain((values) => round(values, Math.floor))],
  ["format", plain(format)],
  ["items", plain((values) => mapMembers(values, (name, value) => [name, value]))],
  ["join", plain(join)],
  ["keys", plain((values) => mapMembers(values, (name) => name))],
  ["like", plain(like)],
  ["len", plain(([array = null]) => isArray(array) ? BigInt(array.length) : JX_ERROR)],
  ["project", { isDeferred: true, call: project }],
  ["range", plain(range)],
  ["select", { isDeferred: true, call: select }],
  ["values", plain((values) => mapMembers(values, (_name, value) => value))],
]);

function plain(call: PlainFunction["call"]): PlainFunction {
  return { isDeferred: false, call };
}

function round(values: readonly Jx[], toInteger: (value: number) => number): Jx {
  const [value] = values;
  if (values.length !== 1) return JX_ERROR;
  return typeof value === "number"
    ? toInteger(value)
    : typeof value === "bigint"
    ? BigInt.asIntN(64, BigInt(toInteger(Number(value)))) // through a double, as in cctools
    : JX_ERROR;
}

/** Maps the members of an object, the last one first, as cctools does. */
function mapMembers(values: readonly Jx[], toItem: (name: string, value: Jx) => Jx): Jx {
  const [object = null] = values;
  if (values.length !== 1 || !isObject(object)) return JX_ERROR;
  return Object.entries(object).map(([name, value]) => toItem(name, value)).reverse();
}

function range(values: readonly Jx[], scope: Scope): Jx {
  const end = values.findIndex((value) => typeof value !== "bigint");
  const numbers = (end === -1 ? values : values.slice(0, end)).filter((value) =>
    typeof value === "bigint"
  );
  const [first, second, step = 1n] = numbers;
  if (first === undefined || numbers.length > 3 || step === 0n) return JX_ERROR;
  const [start, stop] = second === undefined ? [0n, first] : [first, second];
  const result: bigint[] = [];
  if ((stop - start) * step < 0n) return result;
  for (let at = start; stop >= start ? at < stop : at > stop; at += step) {
    scope.spend(1);
    result.push(at);
  }
  return result;
}

function join(values: readonly Jx[]): Jx {
  const [list = null, delimiter = " "] = values;
  if (values.length > 2 || !isArray(list) || typeof delimiter !== "string") return JX_ERROR;
  return list.every((item) => typeof item === "string") ? list.join(delimiter) : JX_ERROR;
}

/** The part of a path after its last slash, as in POSIX, without a suffix. */
function basename(values: readonly Jx[]): Jx {
  const [path, suffix = ""] = values;
  if (values.length > 2 || typeof path !== "string" || typeof suffix !== "string") return JX_ERROR;
  const name = path === "" ? "." : trimSlashes(path).replace(/^.*\//s, "") || "/";
  return name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name;
}

/** A path without its last part, as in POSIX. */
function dirname(values: readonly Jx[]): Jx {
  const [path] = values;
  if (values.length !== 1 || typeof path !== "string") return JX_ERROR;
  const whole = trimSlashes(path);
  if (whole === "") return path === "" ? "." : "/";
  const end = whole.lastIndexOf("/");
  return end === -1 ? "." : trimSlashes(whole.slice(0, end)) || "/";
}

/** Removes the slashes at the end of a path. A regex would take quadratic time. */
function trimSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}

/** Formats values as `printf` in C does, with one character after each `%`. */
function format(values: readonly Jx[]): Jx {
  const [pattern, ...rest] = values;
  if (typeof pattern !== "string") return JX_ERROR;
  let isValid = true;
  const text = pattern.replace(/%(.?)/gs, (_whole, letter: string) => {
    if (letter === "%") return "%";
    const printed = formatOne(letter, rest.shift());
    isValid &&= printed !== undefined;
    return printed ?? "";
  });
  return isValid && rest.length === 0 ? text : JX_ERROR;
}

function formatOne(letter: string, value: Jx | undefined): string | undefined {
  if (letter === "s") return typeof value === "string" ? value : undefined;
  if (letter === "d" || letter === "i") {
    return typeof value === "bigint" ? String(value) : undefined;
  }
  if (typeof value !== "number") return undefined;
  const text = letter.toLowerCase() === "f"
    ? Math.abs(value) < 1e21 ? value.toFixed(6) : undefined
    : letter.toLowerCase() === "e"
    ? value.toExponential(6).replace(/e(.*)$/, (_whole, power) => exponentOf(Number(power)))
    : letter.toLowerCase() === "g"
    ? printDouble(value, 6)
    : undefined;
  return letter === letter.toUpperCase() ? text?.toUpperCase() : text;
}

/** Characters of a text, times those of a pattern, that count as one unit of work. */
const LIKE_CHARS_PER_UNIT = 20;

/** Whether a text contains a match of a pattern; an error if the pattern is not supported. */
function like(values: readonly Jx[], scope: Scope): Jx {
  const [pattern, text] = values;
  if (values.length !== 2 || typeof pattern !== "string" || typeof text !== "string") {
    return JX_ERROR;
  }
  scope.spend(Math.ceil(pattern.length * text.length / LIKE_CHARS_PER_UNIT));
  return matchesPosix(pattern, text) ?? JX_ERROR;
}

/** The objects of a list for which an expression is true. */
function select(nodes: readonly Node[], scope: Scope): Jx {
  return mapObjects(nodes, scope, (object, value) => {
    return typeof value === "boolean" ? (value ? [object] : []) : undefined;
  });
}

/** The value of an expression for each object of a list. */
function project(nodes: readonly Node[], scope: Scope): Jx {
  return mapObjects(nodes, scope, (_object, value) => [value]);
}

function mapObjects(
  nodes: readonly Node[],
  scope: Scope,
  toItems: (object: JxObject, value: Jx) => readonly Jx[] | undefined,
): Jx {
  const [expression, listNode] = nodes;
  if (!expression || !listNode || nodes.length !== 2) return JX_ERROR;
  const list = listNode.evaluate(scope);
  if (!isArray(list)) return JX_ERROR;
  const result: Jx[] = [];
  for (const object of list) {
    scope.spend(1);
    if (!isObject(object)) return JX_ERROR;
    const value = expression.evaluate(scope.with(object));
    const items = value === JX_ERROR ? undefined : toItems(object, value);
    if (!items) return JX_ERROR;
    result.push(...items);
  }
  return result;
}
