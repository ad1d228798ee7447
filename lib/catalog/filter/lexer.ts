/** The lexer of JX: splits an expression into the tokens that `parser.ts` reads. */
import { integerOf, type Jx } from "./value.ts";

/** The error of a text that is not an expression; the message is the reason. */
export class JxSyntaxError extends Error {
  override name = "JxSyntaxError";
}

/** A constant, a name, or another word; the empty word ends the text. */
export type Token =
  | { readonly value: Jx }
  | { readonly name: string }
  | { readonly word: string };

const END: Token = { word: "" };

/** White space as in C, and comments. */
const SKIPPED = /(?:[ \t\n\v\f\r]|#[^\n\r]*)*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /[0-9.](?:[0-9.]|[eE][-+]?)*/y;
const PUNCTUATION = /[!=<>]=|&&|\|\||[-{}[\],:;+*/%!<>()]/y;
const DOUBLE = /^(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

const CONSTANTS: ReadonlyMap<string, Jx> = new Map([["null", null], ["true", true], [
  "false",
  false,
]]);
const KEYWORDS: readonly string[] = ["or", "and", "not", "for", "in", "if", "error"];

/** Other spellings of words. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([["&&", "and"], ["||", "or"], ["!", "not"]]);

const CONTROLS: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Reads tokens one after another; the text after the last requested token is not read. */
export class JxLexer {
  readonly #text: string;
  #at = 0;
  #peeked: Token | undefined;

  /** @param text the expression; it ends at the first NUL */
  constructor(text: string) {
    const end = text.indexOf("\0");
    this.#text = end === -1 ? text : text.slice(0, end);
  }

  /**
   * Returns the next token and stays before it.
   *
   * @throws {JxSyntaxError}
   */
  peek(): Token {
    return this.#peeked ??= this.#read();
  }

  /**
   * Returns the next token and moves past it.
   *
   * @throws {JxSyntaxError}
   */
  next(): Token {
    const token = this.peek();
    this.#peeked = undefined;
    return token;
  }

  #read(): Token {
    this.#match(SKIPPED);
    const first = this.#text[this.#at];
    if (first === undefined) return END;
    if (first === '"') return { value: this.#string() };
    const word = this.#match(WORD);
    if (word) {
      const constant = CONSTANTS.get(word);
      if (constant !== undefined) return { value: constant };
      return KEYWORDS.includes(word) ? { word } : { name: word };
    }
    const number = this.#match(NUMBER);
    if (number) return { value: numberOf(number) };
    const mark = this.#match(PUNCTUATION);
    if (!mark) throw new JxSyntaxError(`unexpected ${first}`);
    return { word: SYNONYMS.get(mark) ?? mark };
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [match = ""] = pattern.exec(this.#text) ?? [];
    this.#at += match.length;
    return match;
  }

  #string(): string {
    let value = "";
    for (this.#at++;;) {
      const char = this.#text[this.#at++];
      if (char === undefined) break;
      if (char === '"') return value;
      if (char !== "\\") {
        value += char;
        continue;
      }
      const escaped = this.#text[this.#at++];
      if (escaped === undefined) break;
      if (escaped !== "u") {
        value += CONTROLS[escaped] ?? escaped;
        continue;
      }
      const digits = this.#text.slice(this.#at, this.#at + 4);
      const code = /^[0-9A-Fa-f]{4}$/.test(digits) ? parseInt(digits, 16) : NaN;
      if (!(code <= 0x7f)) throw new JxSyntaxError(`\\u${digits} is not an ASCII character`);
      this.#at += 4;
      if (code === 0) return value;
      value += String.fromCharCode(code);
    }
    throw new JxSyntaxError("a closing quote is missing");
  }
}

function numberOf(text: string): bigint | number {
  if (/^\d+$/.test(text)) return integerOf(text);
  if (!DOUBLE.test(text)) throw new JxSyntaxError(`${text} is not a number`);
  return Number(text);
}
