/**
 * The values of JX, the expression language of cctools: JSON with separate 64-bit integers and
 * floating point numbers. A catalog prints numbers as cctools does.
 */

/** The value of an expression that cannot be evaluated; each operation on it returns it again. */
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

/** The kind of a value, which selects the effect of an operator. */
type JxKind =
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

/** Maximum number of digits after the point that `toExponential` accepts; an exact half has fewer. */
const MAX_DIGITS = 100;

/** Returns the kind of a value. */
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

/** Whether a value is an array (the type of `Array.isArray` excludes read-only ones). */
export function isArray(value: Jx): value is readonly Jx[] {
  return Array.isArray(value);
}

/** Whether a value is an object. */
export function isObject(value: Jx): value is JxObject {
  return typeof value === "object" && value !== null && !isArray(value);
}

/**
 * Whether two values are equal, with the same kinds at every level.
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
 * Parses the digits of an integer.
 *
 * @returns the nearest 64-bit integer
 */
export function integerOf(digits: string): bigint {
  const value = BigInt(digits);
  return value > MAX_INTEGER ? MAX_INTEGER : value < MIN_INTEGER ? MIN_INTEGER : value;
}

/**
 * Parses valid JSON.
 *
 * `JSON.parse` rounds integers. In V8 it also reads an escaped member name as another name, if an
 * earlier object had the name `\\` at that position.
 *
 * @param json valid JSON text with few levels: the parser is recursive
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
 * Prints a number as C does with `%.16g`, or with another number of digits.
 *
 * @param value finite
 */
export function printDouble(value: number, digits: number = PRINTED_DIGITS): string {
  // The usual case, and fast: a datagram may have thousands of numbers.
  if (Number.isInteger(value) && Math.abs(value) < 10 ** (digits - 1)) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  const [mantissa = "", exponentText = "0"] = toDigits(value, digits).split("e");
  const exponent = Number(exponentText);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const significant = mantissa.replace(/[-.]/g, "").replace(/0+$/, "") || "0";
  if (exponent < -4 || exponent >= digits) {
    return sign + pointAfter(significant, 1) + exponentOf(exponent);
  }
  if (exponent < 0) return sign + pointAfter("0".repeat(-exponent) + significant, 1);
  return sign + pointAfter(significant.padEnd(exponent + 1, "0"), exponent + 1);
}

/** Prints an exponent as C does: with a sign and at least two digits. */
export function exponentOf(exponent: number): string {
  return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Rounds a number to a count of digits, in exponential form; halves go to the even digit, as in C. */
function toDigits(value: number, digits: number): string {
  const [mantissa = "", exponent = ""] = value.toExponential(digits).split("e");
  if (!/[02468]\.?5$/.test(mantissa)) return value.toExponential(digits - 1);
  const isHalf = /^0*e/.test(value.toExponential(MAX_DIGITS).slice(mantissa.length));
  return isHalf ? `${mantissa.slice(0, -1)}e${exponent}` : value.toExponential(digits - 1);
}

function pointAfter(digits: string, count: number): string {
  return digits.length > count ? `${digits.slice(0, count)}.${digits.slice(count)}` : digits;
}
