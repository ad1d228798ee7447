/** The translation of escapes and classes (`[...]`) from Python's regexes to RE2's syntax. */
import { RegexError, type RegexReader } from "./regex_reader.ts";

/** An item of a class: the code of a character, or another item in RE2's syntax. */
type ClassItem = { readonly code: number } | { readonly text: string };

/** Codes of control characters by the letter of their escape. */
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Classes by the letter of their escape, as items of a class of RE2. */
const CLASSES: Readonly<Record<string, string>> = {
  d: "\\d",
  D: "\\D",
  w: "\\w",
  W: "\\W",
  // RE2's own \s lacks U+000B.
  s: "[:space:]",
  S: "[:^space:]",
};

/** Number of hexadecimal digits behind the letter of an escape. */
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * Translates an escape: a backslash and a character, inside of a class or outside.
 *
 * @throws {RegexError}
 */
export function escapedItem(char: string, reader: RegexReader): ClassItem {
  const text = CLASSES[char];
  if (text !== undefined) return { text };
  const control = CONTROLS[char];
  if (control !== undefined) return { code: control };
  if (char === "p" || char === "P") return { text: `\\${char}${property(reader)}` };
  if (HEX_DIGITS[char] !== undefined) return { code: hexadecimal(char, HEX_DIGITS[char], reader) };
  if (/[0-7]/.test(char)) return { code: octal(char, reader) };
  if (char === "N") {
    throw new RegexError("\\N{...} is not possible here; write the character, or \\uXXXX");
  }
  if (char === "Q" || char === "E") {
    throw new RegexError(
      "\\Q...\\E is not possible here; write \\ before each special character",
    );
  }
  if (/[A-Za-z89]/.test(char)) {
    throw new RegexError(
      `\\${char} has no meaning; write ${char}, or \\\\${char} for a backslash before it`,
    );
  }
  return { code: codeOf(char) };
}

function property(reader: RegexReader): string {
  if (reader.take("{")) return `{${reader.until("}", "\\p{")}}`;
  if (reader.isAtEnd) {
    throw new RegexError("\\p needs the name of a class, as in \\p{L}");
  }
  return reader.next();
}

function hexadecimal(letter: string, digits: number, reader: RegexReader): number {
  const isBraced = letter === "x" && reader.take("{");
  const text = isBraced ? reader.until("}", "\\x{") : reader.takeWhile(/[0-9A-Fa-f]/, digits);
  const code = /^[0-9A-Fa-f]{1,8}$/.test(text) ? parseInt(text, 16) : NaN;
  if (!(code <= 0x10ffff) || (!isBraced && text.length !== digits)) {
    throw new RegexError(
      `\\${letter} must be followed by ${digits} hexadecimal digits of a character; larger ones are written \\uXXXX or \\UXXXXXXXX`,
    );
  }
  return code;
}

function octal(first: string, reader: RegexReader): number {
  const code = parseInt(first + reader.takeWhile(/[0-7]/, 2), 8);
  if (code > 0o377) throw new RegexError("an octal number may be at most \\377; write \\uXXXX");
  return code;
}

/**
 * Translates a class.
 *
 * @param reader behind the `[`
 * @throws {RegexError}
 */
export function classFor(reader: RegexReader): string {
  let text = reader.take("^") ? "[^" : "[";
  for (let isFirst = true; isFirst || !reader.take("]"); isFirst = false) {
    const first = classItem(reader);
    if (!reader.isNext("-") || reader.isNext("-]")) {
      text += "code" in first ? literal(first.code) : first.text;
      continue;
    }
    reader.next();
    const last = classItem(reader);
    if (!("code" in first) || !("code" in last) || first.code > last.code) {
      throw new RegexError(
        "a range in [...] goes from one character to a later one; write \\- for a hyphen",
      );
    }
    text += `${literal(first.code)}-${literal(last.code)}`;
  }
  return `${text}]`;
}

function classItem(reader: RegexReader): ClassItem {
  if (reader.isAtEnd) {
    throw new RegexError("a [ has no ]; write \\[ for the character");
  }
  const char = reader.next();
  if (char === "[") {
    const [posix] = /^:\^?\w{1,10}:\]/.exec(reader.ahead(16)) ?? [];
    if (posix === undefined) return { code: codeOf(char) };
    reader.take(posix);
    return { text: `[${posix}` };
  }
  if (char !== "\\") return { code: codeOf(char) };
  const escaped = reader.nextEscaped();
  return escaped === "b" ? { code: 8 } : escapedItem(escaped, reader);
}

/** The code point of a character. */
export function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

/** A literal character in RE2's syntax, inside of a class or outside. */
export function literal(code: number): string {
  const char = String.fromCodePoint(code);
  if (code >= 0xd800 && code <= 0xdfff) return `\\x{${code.toString(16)}}`; // RE2 would join two raw ones
  return code < 0x80 && /[^A-Za-z0-9_]/.test(char) ? `\\x{${code.toString(16)}}` : char;
}
