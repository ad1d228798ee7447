/** Equality of JSON strings, numbers, booleans and null by their meaning, whatever their spelling. */
import { skipWhite, stringAt, visitMembers } from "../base/json_scan.ts";

/** Longest exponent that is reckoned with, in characters. */
const MAX_EXPONENT_CHARS = 1_000;

/** A test for one atom, prepared once and asked for many values. */
export type AtomTest = (text: string, start: number, end: number) => boolean;

/**
 * Prepares the test whether the JSON value at `text[start..end)` equals an atom.
 *
 * Strings are equal by their characters, and numbers by their exact decimal value: `1`, `1.0` and
 * `10e-1` are one number, 12345678901234567890 and 12345678901234567891 are two.
 *
 * @param atom JSON text of a string, number, boolean or null
 */
export function equalsAtom(atom: string): AtomTest {
  if (atom.startsWith('"')) {
    const wanted = stringAt(atom, 0, atom.length);
    return (text, start, end) =>
      text.charAt(start) === '"' && stringAt(text, start, end) === wanted;
  }
  if (!isNumber(atom)) return (text, start, end) => text.slice(start, end) === atom;
  const wanted = canonicalNumber(atom);
  return (text, start, end) => {
    if (!isNumber(text.charAt(start))) return false;
    const other = text.slice(start, end);
    return other === atom || canonicalNumber(other) === wanted;
  };
}

/**
 * Whether a value is an object whose member has a value that passes the test. As everywhere, the
 * last of equal members counts.
 *
 * @param value JSON text
 * @param name the member's name, in decoded characters
 */
export function hasMember(value: string, name: string, test: AtomTest): boolean {
  let valueStart = -1, valueEnd = -1;
  visitMembers(value, skipWhite(value, 0), (nameStart, nameEnd, start, end) => {
    if (stringAt(value, nameStart, nameEnd) !== name) return;
    valueStart = start;
    valueEnd = end;
  });
  return valueStart >= 0 && test(value, valueStart, valueEnd);
}

function isNumber(text: string): boolean {
  return /^[-\d]/.test(text);
}

/** One spelling for each decimal value: sign, digits without zeros at either end, exponent. */
function canonicalNumber(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return "0";
  // Not by /0+$/, which looks again from each zero of a long run that is not the end.
  let end = digits.length;
  while (digits.charAt(end - 1) === "0") end--;
  const shift = digits.length - end - fraction.length;
  // As text where it is absurdly long: such exponents are equal only when spelt alike.
  const power = exponent.length > MAX_EXPONENT_CHARS
    ? `${exponent}:${shift}`
    : BigInt(exponent.replace("+", "")) + BigInt(shift);
  return `${sign}${digits.slice(0, end)}e${power}`;
}
