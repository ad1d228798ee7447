/**
 * The patterns of the filter function `like`: extended regular expressions of POSIX. RE2 evaluates
 * them, because it takes a bounded time for every pattern. A pattern that RE2 reads in another way is
 * not supported.
 */
import { RE2JS, RE2JSException } from "re2js";

/** Longest pattern, in characters; each one is one or two instructions. */
const MAX_CHARS = 128;

/** Characters, escaped punctuation, and classes without escapes or names in them. */
const SHARED_SYNTAX = /^(?:[^\\[{]|\\[!-/:;=?@[\\\]^_{|}~]|\[\^?\]?[^\]\\[]*\])*$/;

/** Repetitions of nothing and of repetitions: POSIX reads them in another way, or does not define them. */
const UNDEFINED_REPETITION = /(?:^|[(|^$*+?])[*+?]/;

/** Errors in RE2 and in POSIX: a pattern with one of them matches no text. */
const PATTERN_ERROR = /missing closing|character class range/;

/** The last pattern: a filter applies one pattern to thousands of texts. */
let last: { readonly pattern: string; readonly test: (text: string) => boolean } | undefined;

/**
 * Whether a text contains a match of a pattern.
 *
 * @returns undefined if the pattern is not supported
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
  if (
    pattern.length > MAX_CHARS || !SHARED_SYNTAX.test(pattern) || UNDEFINED_REPETITION.test(outside)
  ) {
    return undefined;
  }
  try {
    const regex = RE2JS.compile(pattern, RE2JS.DOTALL);
    return (text) => regex.test(text);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return PATTERN_ERROR.test(error.message) ? () => false : undefined;
  }
}
