/** A reader of the text of a regex, character by character. */

/** The reason why a regex is rejected. The message ends a sentence that its reader has begun. */
export class RegexError extends Error {
  override name = "RegexError";
}

/** A position in a regex. */
export class RegexReader {
  readonly #chars: readonly string[];
  /** Index of the next character. Set it back to read again. */
  at = 0;

  constructor(regex: string) {
    this.#chars = [...regex];
  }

  /** The next characters, at most `count`. */
  ahead(count: number): string {
    return this.#chars.slice(this.at, this.at + count).join("");
  }

  /** Whether there is no next character. */
  get isAtEnd(): boolean {
    return this.at === this.#chars.length;
  }

  /** Reads the next character; empty at the end. */
  next(): string {
    return this.#chars[this.at++] ?? "";
  }

  /** Whether an ASCII text comes next. */
  isNext(text: string): boolean {
    return [...text].every((char, at) => this.#chars[this.at + at] === char);
  }

  /** Reads an ASCII text if it comes next; false: it does not. */
  take(text: string): boolean {
    const isNext = this.isNext(text);
    if (isNext) this.at += text.length;
    return isNext;
  }

  /** Reads characters that a pattern matches, at most `max`, perhaps none. */
  takeWhile(pattern: RegExp, max = Infinity): string {
    const start = this.at;
    while (this.at - start < max && pattern.test(this.#chars[this.at] ?? "")) this.at++;
    return this.#chars.slice(start, this.at).join("");
  }

  /**
   * Reads up to a character, and returns the text before it.
   *
   * @throws {RegexError} if that character does not follow
   */
  until(end: string, opening: string): string {
    const at = this.#chars.indexOf(end, this.at);
    if (at === -1) throw new RegexError(`a ${opening} has no ${end}`);
    const text = this.#chars.slice(this.at, at).join("");
    this.at = at + 1;
    return text;
  }

  /**
   * Reads the character behind a backslash.
   *
   * @throws {RegexError} if the regex ends there
   */
  nextEscaped(): string {
    if (this.at === this.#chars.length) {
      throw new RegexError("a \\ is the last character; write \\\\");
    }
    return this.next();
  }
}
