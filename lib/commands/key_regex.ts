/**
 * Regexes over keys: Python's `re.search`, translated for RE2 (`python_regex.ts`).
 *
 * RE2JS matches in time linear in the key, for any regex; V8's own engine can run for years. It has two
 * ways to match:
 *
 * - An automaton, whose states it builds while keys are matched: about 10 ns for each byte, if states
 *   occur again. New states take ten times as long as the second way, so an automaton that needs more
 *   than `MAX_AUTOMATON_BYTES` is abandoned.
 * - Without an automaton: each byte of the key takes a step for each instruction of the regex, at most
 *   25 ns each.
 *
 * A key that would need too many steps of the second way is matched by the automaton alone. If that
 * outgrows its memory, the search fails.
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
  /** Most steps for a key: instructions times bytes. */
  stepsFor(keyBytes: number): number;
  /**
   * Whether the regex matches anywhere in the key with the canonical text at `bytes[start..end)`.
   *
   * @param maxSteps see `stepsFor`
   * @returns undefined: the match would need more steps
   */
  matches(bytes: Uint8Array, start: number, end: number, maxSteps: number): boolean | undefined;
}

/** A regex that is rejected, and the reason as the end of a sentence. */
export interface InvalidRegex {
  readonly problem: string;
}

/** Characters of a plain text that are matched in the time of one instruction, at least. */
const PLAIN_CHARS = 50;

/** Longest reason, in characters: messages of RE2JS quote any part of the regex. */
const MAX_PROBLEM_CHARS = 200;

/** Compiles a regex. It rejects one that would take long to compile. */
export function compileKeyRegex(regex: string): KeyRegex | InvalidRegex {
  if (regex.length > MAX_REGEX_CHARS) {
    return {
      problem:
        `it may have at most ${MAX_REGEX_CHARS} characters, and this one has ${regex.length}`,
    };
  }
  // An empty regex matches every key, and need not read it.
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
    const stepsPerByte = isPlain ? instructions / PLAIN_CHARS : instructions;
    return {
      instructions,
      stepsFor: (keyBytes) => stepsPerByte * keyBytes,
      matches(bytes, start, end, maxSteps) {
        const steps = (end - start) * stepsPerByte;
        // Only a key that an attacker made for a plain text needs more steps.
        if (isPlain && steps > MAX_MATCH_STEPS) return undefined;
        const key = keyAt(bytes, start, end);
        return isPlain || steps <= maxSteps ? compiled.test(key) : automaton.test(key);
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

/** The automaton has outgrown its memory, and matching without it would take too many steps. */
class AutomatonFullError extends Error {}

/**
 * The automaton of a regex, which all clients share. RE2JS would start it again when its memory is full;
 * here it is abandoned. A key that must be matched by the automaton gets all of its memory: the result
 * must not depend on earlier keys.
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

  /** Whether the regex matches; undefined: the automaton outgrows its memory. */
  test(key: string): boolean | undefined {
    const { dfa } = this.#compiled.re2();
    if (!this.#isPossible) return undefined;
    if (!dfa.failed) {
      const hasStates = dfa.stateCount > 0;
      const isMatch = this.#testUntilFull(key);
      if (isMatch !== undefined || !hasStates) return isMatch;
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
