/** Generators of JSON text of all kinds: odd numbers, escapes, white space, deep nesting. */
import { constantFrom, nat, oneof, tuple } from "fast-check";
import { list, mostly, oneOf, row, sometimes, type Text } from "./text.ts";

/** Numbers, some of which no double represents. */
const NUMBERS = oneOf(
  "0 1 2 -1 10 1.0 10e-1 0.1e1 1E+2 100 -0 0.0 -0.0e9 12345678901234567890 " +
    "12345678901234567891 9007199254740993 1e400 -1e400 1e-400 0.1 0.10 4.9e-324 1e99999 " +
    "123456789e-9 2.50",
);

/** Spellings of characters in a string literal. */
const CHARACTERS = constantFrom(
  ..."abck01_-. $^{}[],:",
  ...'\\u0061 \\u0041 \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000 \\ud83d\\ude00 \\ud800'.split(" "),
  ..."\\uDC00 \\u2028 \\u00e9 \\u001f".split(" "),
  ...["\u00e9", "\u20ac", "\u{1f600}", "\u2028", "\u007f", "\ufeff", "\ufffd"],
);

/** The deepest nesting that is made at once. */
const MAX_LEVELS = 3_000;

/** A string literal, with its quotes. */
export const literal: Text = row(
  '"',
  mostly(
    list(CHARACTERS, 6),
    400,
    tuple(CHARACTERS, nat(600)).map(([character, times]) => character.repeat(times)),
  ),
  '"',
);

/** A number, of up to 9 digits before the point. */
export const number: Text = mostly(
  row(
    sometimes(3, oneOf("-")),
    tuple(nat(8), nat(999_999_999)).map(([digits, whole]) => String(whole % 10 ** (1 + digits))),
    sometimes(2, nat(999).map((fraction) => `.${fraction}`)),
    sometimes(2, row(oneOf("e E e- e+"), nat(39).map(String))),
  ),
  2,
  NUMBERS,
);

/** A string, a number, true, false or null. */
export const atom: Text = oneof(
  { weight: 1, arbitrary: oneOf("true false null") },
  { weight: 2, arbitrary: number },
  { weight: 3, arbitrary: literal },
);

/** White space, in most cases none. */
export const white: Text = sometimes(8, constantFrom(" ", "\t", "\r", "  ", " \t "));

/** Names of members. They are often equal, so an object can have a name twice. */
const NAME = mostly(oneOf('"a" "b" "\\u0061" ""'), 3, literal);

const DEEP = tuple(constantFrom(["[", "]"], ['{"a":', "}"]), nat(MAX_LEVELS)).map(
  ([[open = "", close = ""], levels]) => open.repeat(levels) + "1" + close.repeat(levels),
);

/** Any JSON text, with objects and arrays in each other up to this depth, or very deep. */
export function json(depth: number): Text {
  if (depth === 0) return atom;
  const value = row(white, json(depth - 1), white);
  const member = row(white, NAME, white, ":", value);
  const nested = oneof(
    row("[", list(value, 3, ","), white, "]"),
    row("{", list(member, 3, ","), white, "}"),
  );
  return mostly(mostly(atom, 3, nested), 1_000, DEEP);
}

/** JSON text of the usual depth. */
export const anyJson: Text = json(3);
