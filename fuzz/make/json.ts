/** Makes JSON texts of all kinds: odd numbers, escapes, white space, deep nesting. */
import { oneIn, pick, type Random } from "../source.ts";

/** Numbers, some of which no double holds. */
const NUMBERS = [
  ...["0", "1", "2", "-1", "10", "1.0", "10e-1", "0.1e1", "1E+2", "100", "-0", "0.0", "-0.0e9"],
  ...["12345678901234567890", "12345678901234567891", "9007199254740993", "1e400", "-1e400"],
  ...["1e-400", "0.1", "0.10", "4.9e-324", "1e99999", "123456789e-9", "2.50"],
];

/** Spellings of characters in a string literal. */
const CHARACTERS = [
  ...["a", "b", "c", "k", "0", "1", "_", "-", ".", " ", "$", "^", "{", "}", "[", "]", ",", ":"],
  ...["\\u0061", "\\u0041", '\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000"],
  ...["\\ud83d\\ude00", "\\ud800", "\\uDC00", "\\u2028", "\\u00e9", "\u00e9", "\u20ac"],
  ...["\u{1f600}", "\u2028", "\u007f", "\ufeff", "\ufffd", "\\u001f"],
];

const WHITE = [" ", "\t", "\r", "  ", " \t "] as const;

/** Deepest nesting that is made at once. */
const DEEP = 3_000;

/** A string literal, with its quotes. */
export function literal(random: Random): string {
  if (oneIn(random, 400)) return `"${pick(random, CHARACTERS).repeat(random.below(600))}"`;
  let text = '"';
  for (let left = random.below(7); left > 0; left--) text += pick(random, CHARACTERS);
  return text + '"';
}

/** A string, a number, true, false or null. */
export function atom(random: Random): string {
  switch (random.below(6)) {
    case 0:
      return pick(random, ["true", "false", "null"]);
    case 1:
    case 2:
      return number(random);
    default:
      return literal(random);
  }
}

/** A number, any number of digits long. */
export function number(random: Random): string {
  if (!oneIn(random, 4)) return pick(random, NUMBERS);
  const whole = random.below(10 ** (1 + random.below(9)));
  const fraction = oneIn(random, 2) ? "" : `.${random.below(1_000)}`;
  const exponent = oneIn(random, 2)
    ? ""
    : `${pick(random, ["e", "E", "e-", "e+"])}${random.below(40)}`;
  return `${oneIn(random, 3) ? "-" : ""}${whole}${fraction}${exponent}`;
}

/** White space, mostly none. */
export function white(random: Random): string {
  return oneIn(random, 8) ? pick(random, WHITE) : "";
}

/** Any JSON text. */
export function json(random: Random, depth: number = 3): string {
  if (oneIn(random, 1_000)) {
    const levels = random.below(DEEP);
    return oneIn(random, 2)
      ? "[".repeat(levels) + "1" + "]".repeat(levels)
      : '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
  }
  if (depth === 0 || random.below(3) > 0) return atom(random);
  const parts: string[] = [];
  const isObject = oneIn(random, 2);
  for (let left = random.below(4); left > 0; left--) {
    const value = white(random) + json(random, depth - 1) + white(random);
    parts.push(isObject ? `${white(random)}${memberName(random)}${white(random)}:${value}` : value);
  }
  const text = parts.join(",") + white(random);
  return isObject ? `{${text}}` : `[${text}]`;
}

/** Names of members, often the same ones, so that some are twice in an object. */
function memberName(random: Random): string {
  return oneIn(random, 3) ? literal(random) : pick(random, ['"a"', '"b"', '"\\u0061"', '""']);
}
