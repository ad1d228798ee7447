/**
 * The record that a catalog makes of an update, by the rules of `lib/catalog/server/update_parser.ts`.
 * Shares no code with it.
 */
import { membersOf, parsed, partsOf } from "./json_text.ts";

/** The limits of an update. */
export interface UpdateLimits {
  readonly bytes: number;
  readonly depth: number;
  readonly members: number;
}

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Returns the members that the catalog lists, in the form of `canonical`; undefined if the catalog drops
 * the update.
 *
 * Objects are split as text, because V8's JSON.parse sometimes confuses an escaped name with another one.
 */
export function updateText(bytes: Uint8Array, limits: UpdateLimits): string | undefined {
  if (bytes.length > limits.bytes) return undefined;
  const text = lossy.decode(bytes).replace(/[\0 \t\r\n]*$/, "");
  const whole = parsed(text)?.value;
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) return undefined;
  if (depthOf(text) > limits.depth) return undefined;
  const members = new Map<string, string>();
  for (const [name, value] of membersOf(text)) {
    if (!members.has(plainText(name))) members.set(plainText(name), value); // The first one counts.
  }
  if (members.size > limits.members) return undefined;
  for (const own of ["address", "lastheardfrom", "name"]) members.delete(own);
  return objectText([...members]);
}

/** Writes equal values in the same form: strings in printable ASCII, numbers with sixteen digits. */
export function canonical(json: string): string {
  if (json.startsWith("{")) return objectText(membersOf(json));
  if (json.startsWith("[")) return `[${partsOf(json).map(canonical).join(",")}]`;
  if (json.startsWith('"')) return JSON.stringify(plainText(JSON.parse(json)));
  if (!/^[-\d]/.test(json)) return json;
  const value = Number(json);
  if (!Number.isFinite(value)) return json;
  const isInteger = /^-?\d+$/.test(json) && json !== "-0";
  // `|| 0` removes the sign of zero.
  return isInteger ? String(BigInt(json)) : numberText(withSixteenDigits(value) || 0);
}

/** Writes a whole number without an exponent, if C does so, too. */
function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? String(BigInt(value)) : String(value);
}

function objectText(members: readonly (readonly [string, string])[]): string {
  const texts = members.map(([name, value]) =>
    `${JSON.stringify(plainText(name))}:${canonical(value)}`
  );
  return `{${texts.join(",")}}`;
}

/** Rounds a number to sixteen digits, half to even, from its exact decimal digits. */
function withSixteenDigits(value: number): number {
  const [mantissa = "", exponent] = Math.abs(value).toExponential(100).split("e");
  const digits = mantissa.replace(".", ""), rest = digits.slice(16);
  const half = "5".padEnd(rest.length, "0"), whole = BigInt(digits.slice(0, 16));
  const isUp = rest > half || (rest === half && whole % 2n === 1n);
  const size = Number(`${whole + (isUp ? 1n : 0n)}e${Number(exponent) - 15}`);
  return value < 0 ? -size : size;
}

/** Replaces each character that is not printable ASCII with a question mark. */
function plainText(text: string): string {
  let result = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    result += character >= " " && character <= "~" ? character : "?";
  }
  return result;
}

/** The nesting depth of a JSON text. */
function depthOf(json: string): number {
  let depth = 0, deepest = 0;
  for (const bracket of json.replace(/"(?:[^"\\]|\\.)*"/gs, "").match(/[{}[\]]/g) ?? []) {
    depth += bracket === "{" || bracket === "[" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
