/**
 * A cache of compiled regexes. The parts of one scan have the same regex, and cursors do not keep it,
 * because there may be many cursors (I5).
 */
import { MAX_CACHED_REGEX_INSTRUCTIONS, MAX_CACHED_REGEXES } from "../base/limits.ts";
import { compileKeyRegex, type InvalidRegex, type KeyRegex } from "./key_regex.ts";

/** A bounded cache (I5) that drops the least recently used regex. */
export class RegexCache {
  readonly #compile: (regex: string) => KeyRegex | InvalidRegex;
  /** The least recently used one is first. */
  readonly #regexes = new Map<string, KeyRegex>();
  #instructions = 0;

  /** @param compile makes a regex that is not cached (default: `compileKeyRegex`) */
  constructor(compile: (regex: string) => KeyRegex | InvalidRegex = compileKeyRegex) {
    this.#compile = compile;
  }

  /** Number of cached regexes. */
  get size(): number {
    return this.#regexes.size;
  }

  /** Returns a regex from the cache, or compiles it. */
  get(regex: string): KeyRegex | InvalidRegex {
    const cached = this.#regexes.get(regex);
    if (cached !== undefined) {
      this.#regexes.delete(regex);
      this.#regexes.set(regex, cached);
      return cached;
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
