/** The equality of JSON atoms, as docs/PROTOCOL.md defines it. Shares no code with the tested code. */

/** The largest exponent that is expanded. */
const MAX_ZEROS = 2_000;

/**
 * Compares strings by their characters, and numbers by their exact decimal value.
 *
 * @param a JSON text of a string, number, boolean or null
 * @param b any JSON text
 * @returns undefined if the exponent is too large
 */
export function areEqualAtoms(a: string, b: string): boolean | undefined {
  if (a[0] === '"') return b[0] === '"' && JSON.parse(a) === JSON.parse(b);
  if (!/^[-\d]/.test(a)) return a === b;
  if (!/^[-\d]/.test(b)) return false;
  const left = decimal(a), right = decimal(b);
  return left === undefined || right === undefined ? undefined : left === right;
}

/** All digits of a number, without an exponent. */
function decimal(text: string): string | undefined {
  const [mantissa = "", power = "0"] = text.toLowerCase().split("e");
  const exponent = Number(power);
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  if (!/[1-9]/.test(whole + fraction)) return "0";
  if (Math.abs(exponent) > MAX_ZEROS) return undefined;
  const zeros = "0".repeat(Math.abs(exponent));
  const digits = exponent < 0 ? zeros + whole + fraction : whole + fraction + zeros;
  const point = exponent < 0 ? whole.length : whole.length + exponent;
  const before = digits.slice(0, point).replace(/^0+/, ""), after = digits.slice(point);
  return `${text[0] === "-" ? "-" : ""}${before}.${after.replace(/0+$/, "")}`;
}
