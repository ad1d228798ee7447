/**
 * A scanner that finds the start and end of JSON values in a buffer, and validates them (RFC 8259). It
 * builds no values: a value's bytes can be stored and returned unchanged (I8).
 *
 * Each byte is one step through the grammar's table (`scan_states.ts`). Nesting takes one bit per level,
 * so no depth overflows a stack (I9).
 *
 * Every function takes a buffer, a position in it and the end of the JSON text. It returns the position
 * behind the value; or `~p` (negative), if the text is not JSON at position `p`, which is at most the end.
 * It never reads bytes at the end or behind it.
 *
 * The text is UTF-8. Strings may have any bytes from 0x80 on: a caller that needs valid UTF-8 checks it.
 */
import {
  AFTER_ELEMENT,
  AFTER_MEMBER,
  CLOSE,
  DONE,
  END,
  FIRST_ACTION,
  FIRST_ELEMENT,
  FIRST_NAME,
  JSON_TABLE,
  OPEN_ARRAY,
  OPEN_OBJECT,
  STRING,
  STRING_ELEMENT,
  STRING_MEMBER,
  STRING_NAME,
  VALUE,
} from "./scan_states.ts";
import { indexOfByte, skipPlain } from "../bytes/word_scan.ts";
import { textAt } from "../bytes/span.ts";

const TAB = 9, LF = 10, CR = 13, SPACE = 32, QUOTE = 34, COMMA = 44, COLON = 58;
const LEFT_BRACKET = 91, BACKSLASH = 92, RIGHT_BRACKET = 93, LEFT_BRACE = 123, RIGHT_BRACE = 125;

/** The byte at the end of the text: no JSON text contains it, in strings or outside of them. */
const NOTHING = 0;

/** Memory for nesting that all calls share, in words of 32 levels. A deeper text allocates its own. */
const SHARED_WORDS = 32;
const sharedLevels = new Int32Array(SHARED_WORDS);

/** After this many bytes, the scanner skips the rest of a string by words. */
const BLOCK_BYTES = 64;

/** Skips white space. */
export function skipWhite(bytes: Uint8Array, at: number, end: number): number {
  for (;; at++) {
    const byte = byteAt(bytes, at, end);
    if (byte > SPACE) return at;
    if (byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR) return at;
  }
}

/** Skips one value of any kind, without white space before it. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  return byteAt(bytes, at, end) === QUOTE ? skipString(bytes, at, end) : run(bytes, at, end, VALUE);
}

/** Receives each member of an object: the positions of the name, with its quotes, and of the value. */
type VisitMember = (
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
) => void;

/**
 * Skips an object and visits its members in order, duplicates included.
 *
 * @param at position of the `{`
 */
export function visitMembers(
  bytes: Uint8Array,
  at: number,
  end: number,
  visit: VisitMember,
): number {
  if (byteAt(bytes, at, end) !== LEFT_BRACE) return ~at;
  at = skipWhite(bytes, at + 1, end);
  if (byteAt(bytes, at, end) === RIGHT_BRACE) return at + 1;
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
    if (byte === RIGHT_BRACE) return at + 1;
    if (byte !== COMMA) return ~at;
    at = skipWhite(bytes, at + 1, end);
  }
}

/**
 * Skips an array and visits its elements in order.
 *
 * @param at position of the `[`
 */
export function visitElements(
  bytes: Uint8Array,
  at: number,
  end: number,
  visit: (start: number, end: number) => void,
): number {
  if (byteAt(bytes, at, end) !== LEFT_BRACKET) return ~at;
  at = skipWhite(bytes, at + 1, end);
  if (byteAt(bytes, at, end) === RIGHT_BRACKET) return at + 1;
  for (;;) {
    const valueEnd = skipValue(bytes, at, end);
    if (valueEnd < 0) return valueEnd;
    visit(at, valueEnd);
    at = skipWhite(bytes, valueEnd, end);
    const byte = byteAt(bytes, at, end);
    if (byte === RIGHT_BRACKET) return at + 1;
    if (byte !== COMMA) return ~at;
    at = skipWhite(bytes, at + 1, end);
  }
}

/**
 * Decodes a string literal.
 *
 * @param start position of its opening quote
 * @param end position behind its closing quote; the literal must be valid
 */
export function stringAt(bytes: Uint8Array, start: number, end: number): string {
  return hasEscape(bytes, start, end)
    ? JSON.parse(textAt(bytes, start, end))
    : textAt(bytes, start + 1, end - 1);
}

/** Whether a string literal has an escape. */
export function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  return indexOfByte(bytes, BACKSLASH, start, end) >= 0;
}

/** Skips a string literal. */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  if (byteAt(bytes, at, end) !== QUOTE) return ~at;
  // Most strings are short and have no escapes.
  const blockEnd = Math.min(end, at + BLOCK_BYTES);
  for (at++; at < blockEnd; at++) {
    const byte = bytes[at] ?? NOTHING;
    if (byte > QUOTE && byte !== BACKSLASH) continue;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH || byte < SPACE) break;
  }
  return run(bytes, skipPlain(bytes, at, end), end, STRING);
}

/** Reads from a state without open containers to the end of the value. */
function run(bytes: Uint8Array, at: number, end: number, state: number): number {
  let depth = 0;
  /** Open containers, the innermost in the lowest bit: 1 is an object, 0 an array. */
  let levels = 0;
  let outer = sharedLevels;
  for (;;) {
    const blockEnd = Math.min(end, at + BLOCK_BYTES);
    while (at < blockEnd && state < FIRST_ACTION) {
      state = JSON_TABLE[state + (bytes[at] ?? NOTHING)] ?? END;
      at++;
    }
    if (state < FIRST_ACTION) {
      // White space can only end a number.
      if (at === end) return JSON_TABLE[state + SPACE] === END ? at : ~at;
      if (isInString(state)) at = skipPlain(bytes, at, end);
      continue;
    }
    do { // A bracket often follows another one.
      if (state === CLOSE) {
        depth--;
        levels = (depth & 31) === 0 ? outer[depth >>> 5] ?? 0 : levels >>> 1;
        state = depth === 0 ? DONE : (levels & 1) === 0 ? AFTER_ELEMENT : AFTER_MEMBER;
      } else if (state === OPEN_ARRAY || state === OPEN_OBJECT) {
        if ((depth & 31) === 0) {
          if (depth >>> 5 === outer.length) outer = grown(outer);
          outer[depth >>> 5] = levels;
        }
        depth++;
        const isArray = state === OPEN_ARRAY;
        levels = isArray ? levels << 1 : levels << 1 | 1;
        state = isArray ? FIRST_ELEMENT : FIRST_NAME;
      } else return state === END ? at - 1 : ~(at - 1);
      if (at < end) {
        state = JSON_TABLE[state + (bytes[at] ?? NOTHING)] ?? END;
        at++;
      }
    } while (state >= FIRST_ACTION);
  }
}

function isInString(state: number): boolean {
  return state === STRING_ELEMENT || state === STRING_MEMBER || state === STRING_NAME ||
    state === STRING;
}

function grown(levels: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(levels.length * 4);
  larger.set(levels);
  return larger;
}

/** The byte at a position, or `NOTHING` at the end. */
function byteAt(bytes: Uint8Array, at: number, end: number): number {
  return at < end ? bytes[at] ?? NOTHING : NOTHING;
}
