/**
 * Values of JX, the expression language of cctools: JSON, with 64-bit integers apart from floating
 * point. And their text as cctools prints it, which is how a catalog lists them.
 */

/** The value of an expression that cannot be evaluated; any operation on it gives it again. */
export const JX_ERROR: unique symbol = Symbol("error");

/** A value; integers are bigints, other numbers are numbers. */
export type Jx =
  | null
  | boolean
  | bigint
  | number
  | string
  | typeof JX_ERROR
  | readonly Jx[]
  | JxObject;

/** An object's own members. */
export interface JxObject {
  readonly [name: string]: Jx;
}

/** What operators look at before they work. */
export type JxKind =
  | "null"
  | "boolean"
  | "integer"
  | "double"
  | "string"
  | "error"
  | "array"
  | "object";

const MAX_INTEGER = 2n ** 63n - 1n;
const MIN_INTEGER = -MAX_INTEGER - 1n;

/** Significant digits of a number as cctools prints it (`%.16g` in C). */
const PRINTED_DIGITS = 16;

/** Digits behind the point that `toExponential` gives at the most: more than any half has. */
const MAX_DIGITS = 100;

/** The kind of a value. */
export function kindOf(value: Jx): JxKind {
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "string":
      return "string";
    case "bigint":
      return "integer";
    case "number":
      return "double";
    case "symbol":
      return "error";
    default:
      return value === null ? "null" : isArray(value) ? "array" : "object";
  }
}

/** Whether a value is an array (`Array.isArray` does not know read-only ones). */
export function isArray(value: Jx): value is readonly Jx[] {
  return Array.isArray(value);
}

/** Whether a value is an object. */
export function isObject(value: Jx): value is JxObject {
  return typeof value === "object" && value !== null && !isArray(value);
}

/**
 * Whether two values are equal, and of one kind at every level.
 *
 * @param onRead called with each text and array that is compared
 */
export function jxEquals(a: Jx, b: Jx, onRead: (value: string | readonly Jx[]) => void): boolean {
  if (isArray(a)) {
    onRead(a);
    return isArray(b) && a.length === b.length &&
      a.every((item, at) => jxEquals(item, b[at] ?? null, onRead));
  }
  if (typeof a === "string") onRead(a);
  if (!isObject(a)) return a === b;
  if (!isObject(b)) return false;
  const [ours, theirs] = [Object.entries(a), Object.entries(b)];
  return ours.length === theirs.length && ours.every(([name, value], at) => {
    const [otherName, otherValue] = theirs[at] ?? ["", null];
    return name === otherName && jxEquals(value, otherValue, onRead);
  });
}

/**
 * Reads the digits of an integer.
 *
 * @returns the nearest integer of 64 bits
 */
export function integerOf(digits: string): bigint {
  const value = BigInt(digits);
  return value > MAX_INTEGER ? MAX_INTEGER : value < MIN_INTEGER ? MIN_INTEGER : value;
}

/**
 * Reads JSON that is known to be good.
 *
 * Not by `JSON.parse`: it rounds integers, and that of V8 takes an escaped name for another one when
 * it has seen an object with the name `\\` in that place before.
 *
 * @param json JSON text, nested a few levels at most
 */
export function parseJx(json: string): Jx {
  const words = json.matchAll(WORD);
  const next = () => words.next().value?.[0] ?? "";
  const valueOf = (word: string): Jx => {
    switch (word[0]) {
      case '"':
        return JSON.parse(word);
      case "[": {
        const items: Jx[] = [];
        for (let first = next(); first !== "]" && first !== ""; first = next()) {
          if (first !== ",") items.push(valueOf(first));
        }
        return items;
      }
      case "{": {
        const members = new Map<string, Jx>();
        for (let name = next(); name !== "}" && name !== ""; name = next()) {
          if (name === ",") continue;
          next(); // the colon
          const value = valueOf(next());
          const key: string = JSON.parse(name);
          if (!members.has(key)) members.set(key, value);
        }
        return Object.fromEntries(members);
      }
      case "t":
      case "f":
      case "n":
        return CONSTANTS[word] ?? null;
    }
    return /^-?\d+$/.test(word) ? integerOf(word) : Number(word);
  };
  return valueOf(next());
}

const WORD = /"(?:[^"\\]+|\\.)*"|[-\d][-+.\deE]*|[a-z]+|[{}[\]:,]/g;
const CONSTANTS: Readonly<Record<string, boolean>> = { true: true, false: false };

/**
 * A number as C prints it with `%.16g`, or another number of digits.
 *
 * @param value finite
 */
export function printDouble(value: number, digits: number = PRINTED_DIGITS): string {
  // Many are, and a datagram may hold thousands of them.
  if (Number.isInteger(value) && Math.abs(value) < 10 ** (digits - 1)) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  const [mantissa = "", exponentText = "0"] = toDigits(value, digits).split("e");
  const exponent = Number(exponentText);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const shown = mantissa.replace(/[-.]/g, "").replace(/0+$/, "") || "0";
  if (exponent < -4 || exponent >= digits) {
    return sign + pointAfter(shown, 1) + exponentOf(exponent);
  }
  if (exponent < 0) return sign + pointAfter("0".repeat(-exponent) + shown, 1);
  return sign + pointAfter(shown.padEnd(exponent + 1, "0"), exponent + 1);
}

/** An exponent as C prints it: with a sign, and two digits at least. */
export function exponentOf(exponent: number): string {
  return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** A number with a given count of digits, as `toExponential` has it; halves go to the even digit, as in C. */
function toDigits(value: number, digits: number): string {
  const [mantissa = "", exponent = ""] = value.toExponential(digits).split("e");
  if (!/[02468]\.?5$/.test(mantissa)) return value.toExponential(digits - 1);
  const isHalf = /^0*e/.test(value.toExponential(MAX_DIGITS).slice(mantissa.length));
  return isHalf ? `${mantissa.slice(0, -1)}e${exponent}` : value.toExponential(digits - 1);
}

function pointAfter(digits: string, count: number): string {
  return digits.length > count ? `${digits.slice(0, count)}.${digits.slice(count)}` : digits;
}
