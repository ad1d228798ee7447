/**
 * Exact decimal values of JSON numbers. An exponent may have millions of digits. So all functions take
 * time linear in the text; big integers would not.
 */

/** An exact decimal value: `digits` * 10^`power`. */
interface Decimal {
  readonly isNegative: boolean;
  /** Without leading and trailing zeros; empty for zero. */
  readonly digits: string;
  /** A decimal integer without leading zeros; `0` for zero. */
  readonly power: string;
}

const ZERO: Decimal = { isNegative: false, digits: "", power: "0" };

/** Lowest digits of an exponent, which are added as a big integer. The other digits get the carry. */
const LOW_DIGITS = 30;
const CARRY = 10n ** BigInt(LOW_DIGITS);

/**
 * Parses a number.
 *
 * @param text a JSON number
 */
function decimalOf(text: string): Decimal {
  const [, sign = "", whole = "", fraction = "", exponentSign = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?)(\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return ZERO;
  const end = endWithout("0", digits);
  const shift = digits.length - end - fraction.length;
  return {
    isNegative: sign === "-",
    digits: digits.slice(0, end),
    power: sum(exponentSign === "-", exponent.replace(/^0+(?=\d)/, ""), shift),
  };
}

/** The canonical text of a number: equal for equal values. */
export function canonicalNumber(text: string): string {
  const { isNegative, digits, power } = decimalOf(text);
  return digits === "" ? "0" : `${isNegative ? "-" : ""}${digits}e${power}`;
}

/**
 * The value of a number, if it is exactly a positive integer.
 *
 * @param text a JSON number; `2.0` and `20e-1` are 2
 * @returns at most 2^53-1, also for larger numbers; undefined: it is not a positive integer
 */
export function positiveInteger(text: string): number | undefined {
  const isPlain = /^[1-9]\d{0,14}$/.test(text);
  if (!isPlain) {
    const { isNegative, digits, power } = decimalOf(text);
    if (digits === "" || isNegative || power.startsWith("-")) return undefined;
  }
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}

/** Adds a small integer to an integer of any length. */
function sum(isNegative: boolean, magnitude: string, shift: number): string {
  const sign = isNegative ? -1n : 1n;
  if (magnitude.length <= LOW_DIGITS) return String(sign * BigInt(magnitude) + BigInt(shift));
  // The sum has the same sign, because the magnitude is larger than any shift.
  const cut = magnitude.length - LOW_DIGITS;
  const low = BigInt(magnitude.slice(cut)) + sign * BigInt(shift);
  const carry = low < 0n ? -1 : low >= CARRY ? 1 : 0;
  const high = addStep(magnitude.slice(0, cut), carry);
  const lowText = String(low - BigInt(carry) * CARRY).padStart(LOW_DIGITS, "0");
  return (isNegative ? "-" : "") + (high + lowText).replace(/^0+/, "");
}

/** Adds -1, 0 or 1 to a positive integer. */
function addStep(digits: string, step: -1 | 0 | 1): string {
  if (step === 0) return digits;
  const [from, to] = step === 1 ? ["9", "0"] : ["0", "9"];
  const end = endWithout(from, digits);
  const rest = to.repeat(digits.length - end);
  if (end === 0) return `1${rest}`;
  return digits.slice(0, end - 1) + String(Number(digits[end - 1]) + step) + rest;
}

/** Index of the run of a digit at the end of a text. A regex would take quadratic time. */
function endWithout(digit: string, digits: string): number {
  let end = digits.length;
  while (digits.charAt(end - 1) === digit) end--;
  return end;
}
