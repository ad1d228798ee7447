/**
 * The function `like` of filters: extended regular expressions of POSIX, as far as they are written
 * alike for RE2, which takes a bounded time whatever the expression.
 */
import { RE2JS, RE2JSException } from "re2js";

/** Longest expression, in characters; each is one or two instructions. */
const MAX_CHARS = 128;

/** Characters, escaped punctuation, and classes without escapes or names in them. */
const SHARED_SYNTAX = /^(?:[^\\[{]|\\[!-/:;=?@[\\\]^_{|}~]|\[\^?\]?[^\]\\[]*\])*$/;

/** What POSIX reads in another way, or leaves open: repetitions of nothing and of repetitions. */
const OTHERWISE = /(?:^|[(|^$*+?])[*+?]/;

/** Mistakes in both: an expression with one is found in no text. */
const MISTAKE = /missing closing|character class range/;

/** What is asked of one text is asked of thousands. */
let last: { readonly pattern: string; readonly test: (text: string) => boolean } | undefined;

/**
 * Whether an expression is found in a text.
 *
 * @returns undefined for expressions beyond these rules
 */
export function matchesPosix(pattern: string, text: string): boolean | undefined {
  if (last?.pattern !== pattern) {
    const test = compile(pattern);
    if (!test) return undefined;
    last = { pattern, test };
  }
  return last.test(text);
}

function compile(pattern: string): ((text: string) => boolean) | undefined {
  const outside = pattern.replace(/\\.|\[\^?\]?[^\]]*\]/g, "x");
  if (pattern.length > MAX_CHARS || !SHARED_SYNTAX.test(pattern) || OTHERWISE.test(outside)) {
    return undefined;
  }
  try {
    const regex = RE2JS.compile(pattern, RE2JS.DOTALL);
    return (text) => regex.test(text);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return MISTAKE.test(error.message) ? () => false : undefined;
  }
}
