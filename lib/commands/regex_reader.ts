/** Reads a regex character by character. */

/** A regex that is refused; the message is the reason, as the end of a sentence. */
export class RegexError extends Error {
  override name = "RegexProblem";
}

/** A place in a regex. */
export class RegexReader {
  readonly #chars: readonly string[];
  /** Of the next character; may be set back. */
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

  /** Takes the next character; empty at the end. */
  next(): string {
    return this.#chars[this.at++] ?? "";
  }

  /** Whether a text in ASCII comes next. */
  isNext(text: string): boolean {
    return [...text].every((char, at) => this.#chars[this.at + at] === char);
  }

  /** Takes a text in ASCII, if it comes next. */
  take(text: string): boolean {
    const isNext = this.isNext(text);
    if (isNext) this.at += text.length;
    return isNext;
  }

  /** Takes characters that a pattern matches, perhaps none, at most `most`. */
  takeWhile(pattern: RegExp, most = Infinity): string {
    const start = this.at;
    while (this.at - start < most && pattern.test(this.#chars[this.at] ?? "")) this.at++;
    return this.#chars.slice(start, this.at).join("");
  }

  /**
   * Takes all before a character, and that.
   *
   * @throws {RegexError} where there is no such character
   */
  until(end: string, opening: string): string {
    const at = this.#chars.indexOf(end, this.at);
    if (at === -1) throw new RegexError(`a ${opening} has no ${end}`);
    const text = this.#chars.slice(this.at, at).join("");
    this.at = at + 1;
    return text;
  }

  /**
   * Takes the character behind a backslash.
   *
   * @throws {RegexError} at the end
   */
  nextEscaped(): string {
    if (this.at === this.#chars.length) {
      throw new RegexError("a \\ is the last character; write \\\\");
    }
    return this.next();
  }
}
