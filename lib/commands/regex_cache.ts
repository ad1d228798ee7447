/**
 * Compiled regexes for the next scan: the parts of one scan come with the same regex, and a cursor keeps
 * none, since there may be many of them (I5).
 */
import { MAX_CACHED_REGEX_INSTRUCTIONS, MAX_CACHED_REGEXES } from "../base/limits.ts";
import { compileKeyRegex, type InvalidRegex, type KeyRegex } from "./key_regex.ts";

/** A bounded number of compiled regexes; the one not used for longest goes first. */
export class RegexCache {
  readonly #compile: (regex: string) => KeyRegex | InvalidRegex;
  /** The one not used for longest is first. */
  readonly #regexes = new Map<string, KeyRegex>();
  #instructions = 0;

  /** @param compile what makes them */
  constructor(compile: (regex: string) => KeyRegex | InvalidRegex = compileKeyRegex) {
    this.#compile = compile;
  }

  /** Regexes that are kept. */
  get size(): number {
    return this.#regexes.size;
  }

  /** A regex, compiled now or before. */
  get(regex: string): KeyRegex | InvalidRegex {
    const kept = this.#regexes.get(regex);
    if (kept !== undefined) {
      this.#regexes.delete(regex);
      this.#regexes.set(regex, kept);
      return kept;
    }
    const pattern = this.#compile(regex);
    if ("problem" in pattern) return pattern;
    this.#regexes.set(regex, pattern);
    this.#instructions += pattern.instructions;
    for (const [oldest, { instructions }] of this.#regexes) {
      if (
        this.#regexes.size <= MAX_CACHED_REGEXES &&
        this.#instructions <= MAX_CACHED_REGEX_INSTRUCTIONS
      ) {
        break;
      }
      this.#regexes.delete(oldest);
      this.#instructions -= instructions;
    }
    return pattern;
  }
}
