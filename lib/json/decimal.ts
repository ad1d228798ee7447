/**
 * Numbers of JSON by their exact decimal value. An exponent may have millions of digits: everything
 * here takes time linear in the text, which big integers would not.
 */

/** An exact decimal value: `digits` times ten to the power of `power`. */
export interface Decimal {
  readonly isNegative: boolean;
  /** Without zeros at either end; empty for zero. */
  readonly digits: string;
  /** A whole number in decimal, without zeros in front; `0` for zero. */
  readonly power: string;
}

const ZERO: Decimal = { isNegative: false, digits: "", power: "0" };

/** Digits of an exponent that are added as a big integer; what is longer only carries into the rest. */
const LOW_DIGITS = 30;
const CARRY = 10n ** BigInt(LOW_DIGITS);

/**
 * Reads a number.
 *
 * @param text a number as JSON spells it
 */
export function decimalOf(text: string): Decimal {
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

/** One spelling for each decimal value. */
export function canonicalNumber(text: string): string {
  const { isNegative, digits, power } = decimalOf(text);
  return digits === "" ? "0" : `${isNegative ? "-" : ""}${digits}e${power}`;
}

/**
 * The value of a number if it is a whole number from 1 on, exactly.
 *
 * @param text a number as JSON spells it: `2.0` and `20e-1` are 2
 * @returns at most 2^53-1, also for what is larger; undefined where it is no such number
 */
export function positiveInteger(text: string): number | undefined {
  const isPlain = /^[1-9]\d{0,14}$/.test(text);
  if (!isPlain) {
    const { isNegative, digits, power } = decimalOf(text);
    if (digits === "" || isNegative || power.startsWith("-")) return undefined;
  }
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}

/** Adds a small integer to one of any length. */
function sum(isNegative: boolean, magnitude: string, shift: number): string {
  const sign = isNegative ? -1n : 1n;
  if (magnitude.length <= LOW_DIGITS) return String(sign * BigInt(magnitude) + BigInt(shift));
  // It is larger than any shift, so that its sign stays.
  const cut = magnitude.length - LOW_DIGITS;
  const low = BigInt(magnitude.slice(cut)) + sign * BigInt(shift);
  const carry = low < 0n ? -1 : low >= CARRY ? 1 : 0;
  const high = addStep(magnitude.slice(0, cut), carry);
  const lowText = String(low - BigInt(carry) * CARRY).padStart(LOW_DIGITS, "0");
  return (isNegative ? "-" : "") + (high + lowText).replace(/^0+/, "");
}

/** A positive integer, one more, one less, or as it is. */
function addStep(digits: string, step: -1 | 0 | 1): string {
  if (step === 0) return digits;
  const [turning, turned] = step === 1 ? ["9", "0"] : ["0", "9"];
  const end = endWithout(turning, digits);
  const rest = turned.repeat(digits.length - end);
  if (end === 0) return `1${rest}`;
  return digits.slice(0, end - 1) + String(Number(digits[end - 1]) + step) + rest;
}

/** Where a run of one digit at the end begins. Not by a regex, which looks again from each of them. */
function endWithout(digit: string, digits: string): number {
  let end = digits.length;
  while (digits.charAt(end - 1) === digit) end--;
  return end;
}
