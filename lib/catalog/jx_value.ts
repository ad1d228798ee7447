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

/** Whether two values are equal, and of one kind at every level. */
export function jxEquals(a: Jx, b: Jx): boolean {
  if (isArray(a)) {
    return isArray(b) && a.length === b.length &&
      a.every((item, at) => jxEquals(item, b[at] ?? null));
  }
  if (!isObject(a)) return a === b;
  if (!isObject(b)) return false;
  const [ours, theirs] = [Object.entries(a), Object.entries(b)];
  return ours.length === theirs.length && ours.every(([name, value], at) => {
    const [otherName, otherValue] = theirs[at] ?? ["", null];
    return name === otherName && jxEquals(value, otherValue);
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
 * Reads JSON.
 *
 * @param json JSON text
 * @throws {SyntaxError} where it is none
 */
export function parseJx(json: string): Jx {
  return JSON.parse(json, (_name, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined) return value;
    return /^-?\d+$/.test(source) ? integerOf(source) : value;
  });
}

/**
 * A number as C prints it with `%.16g`, or another number of digits.
 *
 * @param value finite
 */
export function printDouble(value: number, digits: number = PRINTED_DIGITS): string {
  const [mantissa = "", exponentText = "0"] = value.toExponential(digits - 1).split("e");
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

function pointAfter(digits: string, count: number): string {
  return digits.length > count ? `${digits.slice(0, count)}.${digits.slice(count)}` : digits;
}
