/**
 * Finds where JSON values begin and end in a buffer, and checks them on the way
 * (RFC 8259), without building them: a value's own bytes can then be kept and
 * given back as they are (I8).
 *
 * Not recursive: nesting costs one byte a level, so no depth overflows a stack (I9).
 *
 * Every function takes a buffer, a position in it and the end of the JSON text, and returns the
 * position behind what it read, or `~p` (negative) when the text is not JSON at position `p`,
 * which is at most the end. What the buffer holds at the end and behind it is not looked at.
 *
 * The text is UTF-8. Bytes from 0x80 on are taken inside of strings, whatever they are: who needs
 * good UTF-8 checks it elsewhere.
 */
import { skipPlain } from "./word_scan.ts";
import { textAt } from "./span.ts";

const TAB = 9, LF = 10, CR = 13, SPACE = 32, QUOTE = 34, PLUS = 43, COMMA = 44, MINUS = 45;
const DOT = 46, SLASH = 47, ZERO = 48, NINE = 57, COLON = 58, OPEN_ARRAY = 91, BACKSLASH = 92;
const CLOSE_ARRAY = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;
const UPPER_A = 65, UPPER_E = 69, UPPER_F = 70;
const LOWER_A = 97, LOWER_B = 98, LOWER_E = 101, LOWER_F = 102, LOWER_L = 108, LOWER_N = 110;
const LOWER_R = 114, LOWER_S = 115, LOWER_T = 116, LOWER_U = 117;

/** Stands for what is at the end: JSON has no place for this byte, in strings or out of them. */
const NOTHING = 0;

/** Bytes kept for nesting between calls; more is allocated for one call and given back. */
const KEPT_LEVELS = 1024;
const keptLevels = new Uint8Array(KEPT_LEVELS);

/** Skips white space. */
export function skipWhite(bytes: Uint8Array, at: number, end: number): number {
  for (;; at++) {
    const byte = byteAt(bytes, at, end);
    if (byte > SPACE) return at;
    if (byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR) return at;
  }
}

/** Skips one value of any kind, whatever it nests; no white space before it. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  const byte = byteAt(bytes, at, end);
  if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return skipContainer(bytes, at, end);
  return skipAtom(bytes, at, end);
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
export function visitMembers(
  bytes: Uint8Array,
  at: number,
  end: number,
  visit: VisitMember,
): number {
  if (byteAt(bytes, at, end) !== OPEN_OBJECT) return ~at;
  at = skipWhite(bytes, at + 1, end);
  if (byteAt(bytes, at, end) === CLOSE_OBJECT) return at + 1;
  for (;;) {
    const nameStart = at;
    const nameEnd = skipString(bytes, at, end);
    if (nameEnd < 0) return nameEnd;
    at = skipWhite(bytes, nameEnd, end);
    if (byteAt(bytes, at, end) !== COLON) return ~at;
    const valueStart = skipWhite(bytes, at + 1, end);
    const valueEnd = skipValue(bytes, valueStart, end);
    if (valueEnd < 0) return valueEnd;
    visit(nameStart, nameEnd, valueStart, valueEnd);
    at = skipWhite(bytes, valueEnd, end);
    const byte = byteAt(bytes, at, end);
    if (byte === CLOSE_OBJECT) return at + 1;
    if (byte !== COMMA) return ~at;
    at = skipWhite(bytes, at + 1, end);
  }
}

/**
 * Skips an array and reports its elements in order.
 *
 * @param at position of the `[`
 */
export function visitElements(
  bytes: Uint8Array,
  at: number,
  end: number,
  visit: (start: number, end: number) => void,
): number {
  if (byteAt(bytes, at, end) !== OPEN_ARRAY) return ~at;
  at = skipWhite(bytes, at + 1, end);
  if (byteAt(bytes, at, end) === CLOSE_ARRAY) return at + 1;
  for (;;) {
    const valueEnd = skipValue(bytes, at, end);
    if (valueEnd < 0) return valueEnd;
    visit(at, valueEnd);
    at = skipWhite(bytes, valueEnd, end);
    const byte = byteAt(bytes, at, end);
    if (byte === CLOSE_ARRAY) return at + 1;
    if (byte !== COMMA) return ~at;
    at = skipWhite(bytes, at + 1, end);
  }
}

/**
 * The characters of a string literal.
 *
 * @param start position of its opening quote
 * @param end position behind its closing quote; the literal must be valid
 */
export function stringAt(bytes: Uint8Array, start: number, end: number): string {
  return hasEscape(bytes, start, end)
    ? JSON.parse(textAt(bytes, start, end))
    : textAt(bytes, start + 1, end - 1);
}

/** Whether there is a backslash in a string literal, so that its bytes are not its characters. */
export function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

/** After so many bytes of a string, the next ones are skipped four at a time. */
const SHORT_BYTES = 64;

/** Skips a string literal. */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  if (byteAt(bytes, at, end) !== QUOTE) return ~at;
  let farAt = at + SHORT_BYTES;
  for (at++; at < end; at++) {
    const byte = bytes[at] ?? NOTHING;
    if (byte > QUOTE && byte !== BACKSLASH) { // nearly all
      if (at < farAt) continue;
      at = Math.max(at, skipPlain(bytes, at, end) - 1);
      farAt = at + SHORT_BYTES; // not at once again: there may be something else every few bytes
      continue;
    }
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) {
      at = skipEscape(bytes, at, end);
      if (at < 0) return at;
    } else if (byte < SPACE) return ~at;
  }
  return ~at;
}

/** From a backslash to the last character of its escape. */
function skipEscape(bytes: Uint8Array, at: number, end: number): number {
  at++;
  switch (byteAt(bytes, at, end)) {
    case QUOTE:
    case BACKSLASH:
    case SLASH:
    case LOWER_B:
    case LOWER_F:
    case LOWER_N:
    case LOWER_R:
    case LOWER_T:
      return at;
    case LOWER_U:
      for (let digit = at + 1; digit <= at + 4; digit++) {
        if (!isHexDigit(byteAt(bytes, digit, end))) return ~digit;
      }
      return at + 4;
    default:
      return ~at;
  }
}

/** The byte at a position, or `NOTHING` at the end. */
function byteAt(bytes: Uint8Array, at: number, end: number): number {
  return at < end ? bytes[at] ?? NOTHING : NOTHING;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= UPPER_A && byte <= UPPER_F) ||
    (byte >= LOWER_A && byte <= LOWER_F);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Skips a string, a number, true, false or null. */
function skipAtom(bytes: Uint8Array, at: number, end: number): number {
  switch (byteAt(bytes, at, end)) {
    case QUOTE:
      return skipString(bytes, at, end);
    case LOWER_T:
      return areNext(bytes, at, end, LOWER_T, LOWER_R, LOWER_U, LOWER_E) ? at + 4 : ~at;
    case LOWER_F:
      return areNext(bytes, at + 1, end, LOWER_A, LOWER_L, LOWER_S, LOWER_E) ? at + 5 : ~at;
    case LOWER_N:
      return areNext(bytes, at, end, LOWER_N, LOWER_U, LOWER_L, LOWER_L) ? at + 4 : ~at;
    default:
      return skipNumber(bytes, at, end);
  }
}

/** Whether these four bytes stand at a position. */
function areNext(
  bytes: Uint8Array,
  at: number,
  end: number,
  first: number,
  second: number,
  third: number,
  fourth: number,
): boolean {
  return at + 4 <= end && bytes[at] === first && bytes[at + 1] === second &&
    bytes[at + 2] === third && bytes[at + 3] === fourth;
}

function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  if (byteAt(bytes, at, end) === MINUS) at++;
  if (byteAt(bytes, at, end) === ZERO) at++;
  else if ((at = skipDigits(bytes, at, end)) < 0) return at;
  if (byteAt(bytes, at, end) === DOT && (at = skipDigits(bytes, at + 1, end)) < 0) return at;
  const byte = byteAt(bytes, at, end);
  if (byte !== LOWER_E && byte !== UPPER_E) return at;
  const sign = byteAt(bytes, at + 1, end);
  return skipDigits(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1, end);
}

/** One digit or more. */
function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  if (!isDigit(byteAt(bytes, at, end))) return ~at;
  while (isDigit(byteAt(bytes, at, end))) at++;
  return at;
}

/** Skips an array or object, with one byte of `levels` for each container that is open. */
function skipContainer(bytes: Uint8Array, at: number, end: number): number {
  let levels = keptLevels;
  let depth = 0;
  for (;;) {
    // Here a value begins.
    const byte = byteAt(bytes, at, end);
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (depth === levels.length) levels = grown(levels);
      levels[depth++] = byte;
      at = skipWhite(bytes, at + 1, end);
      const next = byteAt(bytes, at, end);
      // The closing brackets are their opening ones plus two.
      if (next === byte + 2) {
        at++;
        depth--;
      } else {
        if (byte === OPEN_OBJECT && (at = skipName(bytes, at, end)) < 0) return at;
        continue;
      }
    } else if ((at = skipAtom(bytes, at, end)) < 0) return at;
    // Here a value has ended: close what ends with it, then on to the next one.
    for (;;) {
      if (depth === 0) return at;
      at = skipWhite(bytes, at, end);
      const open = levels[depth - 1] ?? 0;
      const next = byteAt(bytes, at, end);
      if (next === COMMA) {
        at = skipWhite(bytes, at + 1, end);
        if (open === OPEN_OBJECT && (at = skipName(bytes, at, end)) < 0) return at;
        break;
      }
      if (next !== open + 2) return ~at;
      at++;
      depth--;
    }
  }
}

/** Skips a member's name, the colon and the white space around it. */
function skipName(bytes: Uint8Array, at: number, end: number): number {
  at = skipString(bytes, at, end);
  if (at < 0) return at;
  at = skipWhite(bytes, at, end);
  return byteAt(bytes, at, end) === COLON ? skipWhite(bytes, at + 1, end) : ~at;
}

function grown(levels: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(levels.length * 4);
  larger.set(levels);
  return larger;
}
