/**
 * Compiled regexes for the next scan: the parts of one scan come with the same regex, and a cursor keeps
 * none, since there may be many of them (I5).
 */
import { MAX_CACHED_REGEX_INSTRUCTIONS, MAX_CACHED_REGEXES } from "../base/limits.ts";
import { compileKeyPattern, type KeyPattern, type PatternProblem } from "./key_regex.ts";

/** A bounded number of compiled regexes; the one not used for longest goes first. */
export class PatternCache {
  readonly #compile: (regex: string) => KeyPattern | PatternProblem;
  /** The one not used for longest is first. */
  readonly #patterns = new Map<string, KeyPattern>();
  #instructions = 0;

  /** @param compile what makes them */
  constructor(compile: (regex: string) => KeyPattern | PatternProblem = compileKeyPattern) {
    this.#compile = compile;
  }

  /** Regexes that are kept. */
  get size(): number {
    return this.#patterns.size;
  }

  /** A regex, compiled now or before. */
  get(regex: string): KeyPattern | PatternProblem {
    const kept = this.#patterns.get(regex);
    if (kept !== undefined) {
      this.#patterns.delete(regex);
      this.#patterns.set(regex, kept);
      return kept;
    }
    const pattern = this.#compile(regex);
    if ("problem" in pattern) return pattern;
    this.#patterns.set(regex, pattern);
    this.#instructions += pattern.instructions;
    for (const [oldest, { instructions }] of this.#patterns) {
      if (
        this.#patterns.size <= MAX_CACHED_REGEXES &&
        this.#instructions <= MAX_CACHED_REGEX_INSTRUCTIONS
      ) {
        break;
      }
      this.#patterns.delete(oldest);
      this.#instructions -= instructions;
    }
    return pattern;
  }
}
