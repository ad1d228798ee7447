/**
 * Regexes over keys: Python's `re.search`, translated for RE2 (`python_regex.ts`).
 *
 * RE2JS takes time linear in the key whatever the regex; V8's own engine can run for years. It first
 * makes an automaton of the regex as keys go through it, step by step, which is fast where steps come
 * again. Where they do not, each one takes ten times as long as doing without the automaton, so one that
 * outgrows its memory is given up. Then the time for a key is bounded by its bytes times the
 * instructions of the regex, some 25 ns each at the worst. Where that would be too long, a key is looked
 * at only for as long as the automaton lasts, which takes some 10 ns a byte.
 */
import { RE2JS, RE2JSException } from "re2js";
import {
  MAX_AUTOMATON_BYTES,
  MAX_MATCH_STEPS,
  MAX_REGEX_CHARS,
  MAX_REGEX_INSTRUCTIONS,
} from "../base/limits.ts";
import { plainLine } from "../base/quote.ts";
import { keyAt } from "../protocol/key_text.ts";
import { regexForRe2 } from "./python_regex.ts";
import { RegexError } from "./regex_reader.ts";
import { regexCost } from "./regex_cost.ts";

/** A compiled regex. */
export interface KeyRegex {
  readonly instructions: number;
  /** What to look at a key takes at the most, in instructions times bytes. */
  stepsFor(keyBytes: number): number;
  /**
   * Whether the regex is found anywhere in the key whose canonical text is at `bytes[start..end)`.
   *
   * @param maxWork see `workFor`
   * @returns undefined where it would take more than that to find out
   */
  matches(bytes: Uint8Array, start: number, end: number, maxWork: number): boolean | undefined;
}

/** What is wrong with a regex, as the end of a sentence. */
export interface InvalidRegex {
  readonly problem: string;
}

/** How many characters of a plain text are looked for in the time of an instruction, or more. */
const PLAIN_CHARS = 50;

/** Longest problem that is told, in characters: what RE2JS says holds any part of the regex, as it came. */
const MAX_PROBLEM_CHARS = 200;

/** Compiles a regex; what would take long to compile is refused before. */
export function compileKeyRegex(regex: string): KeyRegex | InvalidRegex {
  if (regex.length > MAX_REGEX_CHARS) {
    return {
      problem:
        `it may have at most ${MAX_REGEX_CHARS} characters, and this one has ${regex.length}`,
    };
  }
  // Found in every key, however long.
  if (regex === "") return { instructions: 0, stepsFor: () => 0, matches: () => true };
  let translated: string;
  try {
    translated = regexForRe2(regex);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    return { problem: shortened(error.message) };
  }
  const cost = regexCost(translated);
  if (cost > MAX_REGEX_INSTRUCTIONS) {
    return {
      problem:
        `it may compile to at most ${MAX_REGEX_INSTRUCTIONS} instructions, and this one might need ${cost}`,
    };
  }
  try {
    const compiled = RE2JS.compile(translated);
    const automaton = new Automaton(compiled);
    const instructions = compiled.programSize();
    const isPlain = RE2JS.quote(translated) === translated;
    const workPerByte = isPlain ? instructions / PLAIN_CHARS : instructions;
    return {
      instructions,
      stepsFor: (keyBytes) => workPerByte * keyBytes,
      matches(bytes, start, end, maxWork) {
        const work = (end - start) * workPerByte;
        // A plain text takes so long only where it and the key are made for that.
        if (isPlain && work > MAX_MATCH_STEPS) return undefined;
        const key = keyAt(bytes, start, end);
        return isPlain || work <= maxWork ? compiled.test(key) : automaton.test(key);
      },
    };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { problem: shortened(error.message.replace(/^error parsing regexp: /, "")) };
  }
}

function shortened(message: string): string {
  const isLong = message.length > MAX_PROBLEM_CHARS;
  return plainLine(isLong ? message.slice(0, MAX_PROBLEM_CHARS) + " (and more)" : message);
}

/** It has outgrown its memory, and nothing else would be quick enough. */
class AutomatonFullError extends Error {}

/**
 * The automaton of a regex; given up, not begun anew, when it has used up its memory. It is every client's,
 * so a key for which nothing else is quick enough gets all of the memory: what becomes of it must not
 * depend on the keys before it.
 */
class Automaton {
  readonly #compiled: RE2JS;
  readonly #isPossible: boolean;
  #isRequired = false;

  constructor(compiled: RE2JS) {
    this.#compiled = compiled;
    const { dfa } = compiled.re2();
    this.#isPossible = !dfa.failed;
    dfa.stateBudget = dfa.memBudget = MAX_AUTOMATON_BYTES;
    dfa.resetCache = () => {
      dfa.clearCache();
      dfa.failed = true;
      if (this.#isRequired) throw new AutomatonFullError();
      return null;
    };
  }

  /** Whether the regex is found; undefined where the automaton does not last. */
  test(key: string): boolean | undefined {
    const { dfa } = this.#compiled.re2();
    if (!this.#isPossible) return undefined;
    if (!dfa.failed) {
      const isBegun = dfa.stateCount > 0;
      const isFound = this.#testUntilFull(key);
      if (isFound !== undefined || !isBegun) return isFound;
    }
    dfa.failed = false;
    return this.#testUntilFull(key);
  }

  #testUntilFull(key: string): boolean | undefined {
    this.#isRequired = true;
    try {
      return this.#compiled.test(key);
    } catch (error) {
      if (error instanceof AutomatonFullError) return undefined;
      throw error;
    } finally {
      this.#isRequired = false;
    }
  }
}
