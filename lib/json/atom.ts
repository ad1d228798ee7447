/** Equality of JSON atoms (strings, numbers, booleans, null) by their value, not by their text. */
import { canonicalNumber } from "./decimal.ts";
import { skipString, skipWhite } from "./scan.ts";
import { skipValidValue } from "./skip.ts";
import { stringEquals } from "./string_equals.ts";
import { areEqual, type Span, spanOf, textAt } from "../bytes/span.ts";

const QUOTE = 34, COMMA = 44, MINUS = 45, ZERO = 48, NINE = 57, LEFT_BRACE = 123;

/** A test of the JSON value at `bytes[start..end)`; it is prepared once for many values. */
export type AtomTest = (bytes: Uint8Array, start: number, end: number) => boolean;

/**
 * Creates the test whether a JSON value equals an atom.
 *
 * Strings are compared by their characters, and numbers by their exact decimal value: `1`, `1.0` and
 * `10e-1` are equal, 12345678901234567890 and 12345678901234567891 are not.
 *
 * @param atom JSON text of a string, number, boolean or null
 */
export function equalsAtom(atom: string): AtomTest {
  if (atom.startsWith('"')) {
    const wanted = new StringMatcher(JSON.parse(atom));
    return (bytes, start, end) => bytes[start] === QUOTE && wanted.matches(bytes, start, end);
  }
  const own = spanOf(atom);
  const hasSameText: AtomTest = (bytes, start, end) =>
    areEqual(bytes, start, end, own.bytes, own.start, own.end);
  if (!isNumber(own.bytes[0])) return hasSameText;
  const rounded = Number(atom);
  const canonical = canonicalNumber(atom);
  return (bytes, start, end) => {
    if (!isNumber(bytes[start])) return false;
    if (hasSameText(bytes, start, end)) return true;
    const text = textAt(bytes, start, end);
    // Equal numbers have equal roundings, which is fast to check.
    return Number(text) === rounded && canonicalNumber(text) === canonical;
  };
}

/**
 * Whether a value is an object with a member of this name whose value passes the test. Of several members
 * with the name, the last one counts.
 *
 * @param bytes hold valid JSON text from `start` to `end`
 * @param name as characters, without escapes
 */
export function hasMember(
  bytes: Uint8Array,
  start: number,
  end: number,
  name: string,
  test: AtomTest,
): boolean {
  // A search uses the same name for each value of a table.
  if (nameMatcher.characters !== name) nameMatcher = new StringMatcher(name);
  const wanted = nameMatcher;
  let at = skipWhite(bytes, start, end);
  if (at === end || bytes[at] !== LEFT_BRACE) return false;
  let foundStart = -1, foundEnd = -1;
  do {
    const nameStart = skipWhite(bytes, at + 1, end);
    if (bytes[nameStart] !== QUOTE) break; // the object is empty
    const nameEnd = skipString(bytes, nameStart, end);
    const colon = skipWhite(bytes, nameEnd, end);
    const valueStart = skipWhite(bytes, colon + 1, end);
    const valueEnd = skipValidValue(bytes, valueStart, end);
    if (wanted.matches(bytes, nameStart, nameEnd)) {
      foundStart = valueStart;
      foundEnd = valueEnd;
    }
    at = skipWhite(bytes, valueEnd, end);
  } while (bytes[at] === COMMA);
  return foundStart >= 0 && test(bytes, foundStart, foundEnd);
}

/** Compares string literals with a string. Most literals have no escapes. */
class StringMatcher {
  readonly characters: string;
  /** Its canonical literal, without the quotes. */
  readonly #canonical: Span;

  constructor(characters: string) {
    this.characters = characters;
    this.#canonical = spanOf(JSON.stringify(characters).slice(1, -1));
  }

  /** Whether the literal at `bytes[start..end)`, with its quotes, has these characters. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    const canonical = this.#canonical;
    return areEqual(bytes, start + 1, end - 1, canonical.bytes, canonical.start, canonical.end) ||
      stringEquals(bytes, start, end, this.characters);
  }
}

let nameMatcher = new StringMatcher("");

function isNumber(firstByte: number | undefined): boolean {
  return firstByte === MINUS ||
    (firstByte !== undefined && firstByte >= ZERO && firstByte <= NINE);
}
