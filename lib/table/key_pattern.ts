/**
 * Regexes over keys: Python's `re.search` in the syntax that RE2 and Python share.
 *
 * RE2JS takes time linear in the key whatever the regex; V8's own engine can run for years.
 */
import { RE2JS, RE2JSException } from "re2js";
import { MAX_MATCH_WORK, MAX_REGEX_CHARS, MAX_REGEX_INSTRUCTIONS } from "../base/limits.ts";

/** A compiled regex. */
export interface KeyPattern {
  /** Whether the regex is found anywhere in the key; undefined where that might take too long. */
  isFoundIn(key: string): boolean | undefined;
}

/** What is wrong with a regex, as the end of a sentence. */
export interface PatternProblem {
  readonly problem: string;
}

/** Compiles a regex. */
export function compileKeyPattern(regex: string): KeyPattern | PatternProblem {
  if (regex.length > MAX_REGEX_CHARS) {
    return {
      problem:
        `it may have at most ${MAX_REGEX_CHARS} characters, and this one has ${regex.length}`,
    };
  }
  try {
    const compiled = RE2JS.compile(regex);
    const instructions = compiled.programSize();
    if (instructions > MAX_REGEX_INSTRUCTIONS) {
      return {
        problem:
          `it may compile to at most ${MAX_REGEX_INSTRUCTIONS} instructions, and this one needs ${instructions}`,
      };
    }
    const maxKeyChars = MAX_MATCH_WORK / instructions;
    return { isFoundIn: (key) => key.length > maxKeyChars ? undefined : compiled.test(key) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { problem: error.message.replace(/^error parsing regexp: /, "") };
  }
}
