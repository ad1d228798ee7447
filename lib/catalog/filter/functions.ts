/**
 * The functions of JX that a catalog evaluates. Left out are those that read the catalog's disk or
 * network for a stranger (`listdir`, `fetch`), and those that no filter needs: a filter with one of
 * them is refused (`UNSUPPORTED`).
 */
import { matchesPosix } from "./posix_match.ts";
import type { Node, Scope } from "./evaluator.ts";
import {
  exponentOf,
  isArray,
  isObject,
  type Jx,
  JX_ERROR,
  type JxObject,
  printDouble,
} from "./value.ts";

/** Called with the values of its arguments. */
interface PlainFunction {
  readonly isDeferred: false;
  call(values: readonly Jx[], scope: Scope): Jx;
}

/** Called with its arguments as expressions. */
interface DeferredFunction {
  readonly isDeferred: true;
  call(nodes: readonly Node[], scope: Scope): Jx;
}

/** Functions of cctools that are not here. */
export const UNSUPPORTED: readonly string[] = [
  "escape",
  "fetch",
  "listdir",
  "schema",
  "template",
];

/** Functions by name; any other name gives an error. */
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
    ? BigInt.asIntN(64, BigInt(toInteger(Number(value)))) // by way of a double, as there
    : JX_ERROR;
}

/** The last one first, as there. */
function mapMembers(values: readonly Jx[], made: (name: string, value: Jx) => Jx): Jx {
  const [object = null] = values;
  if (values.length !== 1 || !isObject(object)) return JX_ERROR;
  return Object.entries(object).map(([name, value]) => made(name, value)).reverse();
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

/** The part of a path behind its last slash, as POSIX has it; without a suffix. */
function basename(values: readonly Jx[]): Jx {
  const [path, suffix = ""] = values;
  if (values.length > 2 || typeof path !== "string" || typeof suffix !== "string") return JX_ERROR;
  const name = path === "" ? "." : trimSlashes(path).replace(/^.*\//s, "") || "/";
  return name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name;
}

/** A path without its last part, as POSIX has it. */
function dirname(values: readonly Jx[]): Jx {
  const [path] = values;
  if (values.length !== 1 || typeof path !== "string") return JX_ERROR;
  const whole = trimSlashes(path);
  if (whole === "") return path === "" ? "." : "/";
  const end = whole.lastIndexOf("/");
  return end === -1 ? "." : trimSlashes(whole.slice(0, end)) || "/";
}

/** A path without the slashes at its end. Not by a regex, which looks again from each slash. */
function trimSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}

/** As in C, with one character behind each `%`. */
function format(values: readonly Jx[]): Jx {
  const [pattern, ...rest] = values;
  if (typeof pattern !== "string") return JX_ERROR;
  let isGood = true;
  const text = pattern.replace(/%(.?)/gs, (_whole, letter: string) => {
    if (letter === "%") return "%";
    const shown = formatOne(letter, rest.shift());
    isGood &&= shown !== undefined;
    return shown ?? "";
  });
  return isGood && rest.length === 0 ? text : JX_ERROR;
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

/** Characters of a text, times those of an expression, that count as one element. */
const LIKE_WORK = 20;

/** Whether an expression is found in a text; an error if that cannot be decided. */
function like(values: readonly Jx[], scope: Scope): Jx {
  const [pattern, text] = values;
  if (values.length !== 2 || typeof pattern !== "string" || typeof text !== "string") {
    return JX_ERROR;
  }
  scope.spend(Math.ceil(pattern.length * text.length / LIKE_WORK));
  return matchesPosix(pattern, text) ?? JX_ERROR;
}

/** The objects of a list for which an expression is true. */
function select(nodes: readonly Node[], scope: Scope): Jx {
  return mapObjects(nodes, scope, (object, value) => {
    return typeof value === "boolean" ? (value ? [object] : []) : undefined;
  });
}

/** An expression's value for each object of a list. */
function project(nodes: readonly Node[], scope: Scope): Jx {
  return mapObjects(nodes, scope, (_object, value) => [value]);
}

function mapObjects(
  nodes: readonly Node[],
  scope: Scope,
  made: (object: JxObject, value: Jx) => readonly Jx[] | undefined,
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
    const items = value === JX_ERROR ? undefined : made(object, value);
    if (!items) return JX_ERROR;
    result.push(...items);
  }
  return result;
}
