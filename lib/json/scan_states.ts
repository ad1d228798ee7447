/**
 * The grammar of JSON (RFC 8259) as a table: the next state for each state and each byte. So every byte
 * takes the same time, and all texts of one length take the same time (I9).
 *
 * A table cannot remember open brackets. So at a bracket, the table has an action instead of a state. A
 * state is the index of its row; adding the byte gives the entry.
 *
 * Strings may have any bytes from 0x80 on.
 */

const WHITE = " \t\n\r", DIGITS = "0123456789", HEX_DIGITS = `${DIGITS}abcdefABCDEF`;
const SPACE = 32, ROW = 256;

/** Number of states. */
const STATES = 88;

/** The first action. States are below it. */
export const FIRST_ACTION = STATES * ROW;
/** The innermost container ends. */
export const CLOSE = FIRST_ACTION;
/** An array begins. */
export const OPEN_ARRAY = FIRST_ACTION + 1;
/** An object begins. */
export const OPEN_OBJECT = FIRST_ACTION + 2;
/** The outermost value ended before this byte. */
export const END = FIRST_ACTION + 3;
/** This byte is not allowed here. */
const INVALID = FIRST_ACTION + 4;

/** The next state, or an action: `JSON_TABLE[state + byte]`. */
export const JSON_TABLE: Uint16Array = new Uint16Array(STATES * ROW).fill(INVALID);

let states = 0;

// Behind a value: outermost, in an array, and in an object.
export const DONE = newState(), AFTER_ELEMENT = newState(), AFTER_MEMBER = newState();
// Before a value: outermost, first in an array (which may end instead), in an array, in an object.
export const VALUE = newState(), FIRST_ELEMENT = newState();
const ELEMENT = newState(), MEMBER_VALUE = newState();
// Before a first name (the object may end instead), before a name, and behind a name.
export const FIRST_NAME = newState();
const NAME = newState(), AFTER_NAME = newState();

JSON_TABLE.fill(END, DONE, DONE + ROW);

onAny(AFTER_ELEMENT, WHITE, AFTER_ELEMENT);
onAny(AFTER_ELEMENT, ",", ELEMENT);
onAny(AFTER_ELEMENT, "]", CLOSE);

onAny(AFTER_MEMBER, WHITE, AFTER_MEMBER);
onAny(AFTER_MEMBER, ",", NAME);
onAny(AFTER_MEMBER, "}", CLOSE);

/** Inside of a string: outermost, in an array, in an object, and as a name. */
export const STRING = newString(DONE);
export const STRING_ELEMENT = newString(AFTER_ELEMENT);
export const STRING_MEMBER = newString(AFTER_MEMBER);
export const STRING_NAME = newString(AFTER_NAME);

addValue(VALUE, STRING, DONE);
addValue(ELEMENT, STRING_ELEMENT, AFTER_ELEMENT);
addValue(MEMBER_VALUE, STRING_MEMBER, AFTER_MEMBER);
onAny(ELEMENT, WHITE, ELEMENT);
onAny(MEMBER_VALUE, WHITE, MEMBER_VALUE);

copyState(FIRST_ELEMENT, ELEMENT);
onAny(FIRST_ELEMENT, WHITE, FIRST_ELEMENT);
onAny(FIRST_ELEMENT, "]", CLOSE);

onAny(NAME, WHITE, NAME);
onAny(NAME, '"', STRING_NAME);
onAny(AFTER_NAME, WHITE, AFTER_NAME);
onAny(AFTER_NAME, ":", MEMBER_VALUE);

copyState(FIRST_NAME, NAME);
onAny(FIRST_NAME, WHITE, FIRST_NAME);
onAny(FIRST_NAME, "}", CLOSE);

function newState(): number {
  if (states === STATES) throw new RangeError(`JSON has more than ${STATES} states`);
  return ROW * states++;
}

/** Sets the next state, or action, for some characters. */
function onAny(state: number, characters: string, next: number): void {
  for (const character of characters) JSON_TABLE[state + character.charCodeAt(0)] = next;
}

/** Gives a state the same row as another one. */
function copyState(state: number, other: number): void {
  JSON_TABLE.copyWithin(state, other, other + ROW);
}

/** Adds the states of a string's inside, up to its closing quote. */
function newString(after: number): number {
  const string = newState(), escape = newState();
  const hex1 = newState(), hex2 = newState(), hex3 = newState(), hex4 = newState();
  JSON_TABLE.fill(string, string + SPACE, string + ROW);
  onAny(string, '"', after);
  onAny(string, "\\", escape);
  onAny(escape, '"\\/bfnrt', string);
  onAny(escape, "u", hex1);
  onAny(hex1, HEX_DIGITS, hex2);
  onAny(hex2, HEX_DIGITS, hex3);
  onAny(hex3, HEX_DIGITS, hex4);
  onAny(hex4, HEX_DIGITS, string);
  return string;
}

/** Adds the states of a value of any kind. */
function addValue(state: number, string: number, after: number): void {
  onAny(state, '"', string);
  onAny(state, "[", OPEN_ARRAY);
  onAny(state, "{", OPEN_OBJECT);
  for (const word of ["true", "false", "null"]) addLiteral(state, word, after);
  addNumber(state, after);
}

function addLiteral(state: number, word: string, after: number): void {
  for (const character of word.slice(0, -1)) {
    const next = newState();
    onAny(state, character, next);
    state = next;
  }
  onAny(state, word.slice(-1), after);
}

/** Adds the states of a number. The byte behind it ends it, so its last states have the row of `after`. */
function addNumber(state: number, after: number): void {
  const minus = newState(), zero = newState(), whole = newState();
  const point = newState(), fraction = newState();
  const e = newState(), sign = newState(), exponent = newState();
  for (const ending of [zero, whole, fraction, exponent]) copyState(ending, after);
  onAny(state, "-", minus);
  for (const first of [state, minus]) {
    onAny(first, DIGITS, whole);
    onAny(first, "0", zero);
  }
  onAny(whole, DIGITS, whole);
  for (const ending of [zero, whole]) onAny(ending, ".", point);
  for (const digits of [point, fraction]) onAny(digits, DIGITS, fraction);
  for (const ending of [zero, whole, fraction]) onAny(ending, "eE", e);
  onAny(e, "+-", sign);
  for (const digits of [e, sign, exponent]) onAny(digits, DIGITS, exponent);
}
