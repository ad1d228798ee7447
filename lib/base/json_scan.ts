/**
 * Finds where JSON values begin and end in a text, and checks them on the way
 * (RFC 8259), without building them: a value's own text can then be kept and
 * given back byte for byte (I8).
 *
 * Not recursive: nesting costs one byte a level, so no depth overflows a stack (I9).
 *
 * Every function takes a text and a position, and returns the position behind
 * what it read, or `~p` (negative) when the text is not JSON at position `p`.
 */

const TAB = 9, LF = 10, CR = 13, SPACE = 32, QUOTE = 34, PLUS = 43, COMMA = 44, MINUS = 45;
const DOT = 46, ZERO = 48, NINE = 57, COLON = 58, OPEN_ARRAY = 91, BACKSLASH = 92;
const CLOSE_ARRAY = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;
const UPPER_E = 69, LOWER_E = 101, LOWER_F = 102, LOWER_N = 110, LOWER_T = 116, LOWER_U = 117;

/** Bytes kept for nesting between calls; more is allocated for one call and given back. */
const KEPT_LEVELS = 1024;
const keptLevels = new Uint8Array(KEPT_LEVELS);

/** Skips white space. */
export function skipWhite(text: string, at: number): number {
  for (;; at++) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && code !== TAB && code !== LF && code !== CR) return at;
  }
}

/** Skips one value of any kind, whatever it nests; no white space before it. */
export function skipValue(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === OPEN_OBJECT || code === OPEN_ARRAY) return skipContainer(text, at);
  return skipAtom(text, at);
}

/** Called for each member of an object: the name with its quotes, and the value, as positions. */
export type VisitMember = (
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
) => void;

/**
 * Skips an object and reports its members in order, duplicates included.
 *
 * @param at position of the `{`
 */
export function visitMembers(text: string, at: number, visit: VisitMember): number {
  if (text.charCodeAt(at) !== OPEN_OBJECT) return ~at;
  at = skipWhite(text, at + 1);
  if (text.charCodeAt(at) === CLOSE_OBJECT) return at + 1;
  for (;;) {
    const nameStart = at;
    const nameEnd = skipString(text, at);
    if (nameEnd < 0) return nameEnd;
    at = skipWhite(text, nameEnd);
    if (text.charCodeAt(at) !== COLON) return ~at;
    const valueStart = skipWhite(text, at + 1);
    const valueEnd = skipValue(text, valueStart);
    if (valueEnd < 0) return valueEnd;
    visit(nameStart, nameEnd, valueStart, valueEnd);
    at = skipWhite(text, valueEnd);
    const code = text.charCodeAt(at);
    if (code === CLOSE_OBJECT) return at + 1;
    if (code !== COMMA) return ~at;
    at = skipWhite(text, at + 1);
  }
}

/**
 * Skips an array and reports its elements in order.
 *
 * @param at position of the `[`
 */
export function visitElements(
  text: string,
  at: number,
  visit: (start: number, end: number) => void,
): number {
  if (text.charCodeAt(at) !== OPEN_ARRAY) return ~at;
  at = skipWhite(text, at + 1);
  if (text.charCodeAt(at) === CLOSE_ARRAY) return at + 1;
  for (;;) {
    const end = skipValue(text, at);
    if (end < 0) return end;
    visit(at, end);
    at = skipWhite(text, end);
    const code = text.charCodeAt(at);
    if (code === CLOSE_ARRAY) return at + 1;
    if (code !== COMMA) return ~at;
    at = skipWhite(text, at + 1);
  }
}

/**
 * The characters of a string literal.
 *
 * @param start position of its opening quote
 * @param end position behind its closing quote; the literal must be valid
 */
export function stringAt(text: string, start: number, end: number): string {
  // Looks no further than the literal: many of them may stand in one long text.
  const inner = text.slice(start + 1, end - 1);
  return inner.includes("\\") ? JSON.parse(text.slice(start, end)) : inner;
}

/** Skips a string literal. */
export function skipString(text: string, at: number): number {
  if (text.charCodeAt(at) !== QUOTE) return ~at;
  for (at++;; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) {
      at = skipEscape(text, at);
      if (at < 0) return at;
    } else if (!(code >= SPACE)) return ~at; // a control character, or NaN: the text ends
  }
}

/** From a backslash to the last character of its escape. */
function skipEscape(text: string, at: number): number {
  const code = text.charCodeAt(at + 1);
  if (code !== LOWER_U) {
    return '"\\/bfnrt'.includes(text.charAt(at + 1) || " ") ? at + 1 : ~(at + 1);
  }
  for (let digit = at + 2; digit < at + 6; digit++) {
    if (!isHexDigit(text.charCodeAt(digit))) return ~digit;
  }
  return at + 5;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Skips a string, a number, true, false or null. */
function skipAtom(text: string, at: number): number {
  switch (text.charCodeAt(at)) {
    case QUOTE:
      return skipString(text, at);
    case LOWER_T:
      return text.startsWith("true", at) ? at + 4 : ~at;
    case LOWER_F:
      return text.startsWith("false", at) ? at + 5 : ~at;
    case LOWER_N:
      return text.startsWith("null", at) ? at + 4 : ~at;
    default:
      return skipNumber(text, at);
  }
}

function skipNumber(text: string, at: number): number {
  if (text.charCodeAt(at) === MINUS) at++;
  if (text.charCodeAt(at) === ZERO) at++;
  else if ((at = skipDigits(text, at)) < 0) return at;
  if (text.charCodeAt(at) === DOT && (at = skipDigits(text, at + 1)) < 0) return at;
  const code = text.charCodeAt(at);
  if (code !== LOWER_E && code !== UPPER_E) return at;
  const sign = text.charCodeAt(at + 1);
  return skipDigits(text, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
}

/** One digit or more. */
function skipDigits(text: string, at: number): number {
  if (!isDigit(text.charCodeAt(at))) return ~at;
  while (isDigit(text.charCodeAt(at))) at++;
  return at;
}

/** Skips an array or object, with one byte of `levels` for each container that is open. */
function skipContainer(text: string, at: number): number {
  let levels = keptLevels;
  let depth = 0;
  for (;;) {
    // Here a value begins.
    const code = text.charCodeAt(at);
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (depth === levels.length) levels = grown(levels);
      levels[depth++] = code;
      at = skipWhite(text, at + 1);
      const next = text.charCodeAt(at);
      // The closing brackets are their opening ones plus two.
      if (next === code + 2) {
        at++;
        depth--;
      } else {
        if (code === OPEN_OBJECT && (at = skipName(text, at)) < 0) return at;
        continue;
      }
    } else if ((at = skipAtom(text, at)) < 0) return at;
    // Here a value has ended: close what ends with it, then on to the next one.
    for (;;) {
      if (depth === 0) return at;
      at = skipWhite(text, at);
      const open = levels[depth - 1];
      const next = text.charCodeAt(at);
      if (next === COMMA) {
        at = skipWhite(text, at + 1);
        if (open === OPEN_OBJECT && (at = skipName(text, at)) < 0) return at;
        break;
      }
      if (next !== (open ?? 0) + 2) return ~at;
      at++;
      depth--;
    }
  }
}

/** Skips a member's name, the colon and the white space around it. */
function skipName(text: string, at: number): number {
  at = skipString(text, at);
  if (at < 0) return at;
  at = skipWhite(text, at);
  return text.charCodeAt(at) === COLON ? skipWhite(text, at + 1) : ~at;
}

function grown(levels: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(levels.length * 4);
  larger.set(levels);
  return larger;
}
