/**
 * Generators of JSON texts in every notation of RFC 8259, and of texts that are almost JSON.
 *
 * The `json` of fast-check has one notation for each value: no white space, escapes or exponents.
 */
import fc from "fast-check";

/** The code points of surrogates, which are no characters. */
const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Any character of Unicode, as `unit` of `fc.string`.
 *
 * The unit "binary" of fast-check makes the same, but first builds a table of 1.1 million characters:
 * 0.8 s of processor time in each test file.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.nat(0x10ffff - SURROGATES.count).map(
  (number) => String.fromCodePoint(number < SURROGATES.first ? number : number + SURROGATES.count),
  (character) => {
    const code = typeof character === "string" ? character.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== character) {
      throw new Error("not one character");
    }
    return code < SURROGATES.first ? code : code - SURROGATES.count;
  },
);

/** White space between tokens, mostly none. */
export const white: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constant("") },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom(" ", "\t", "\n", "\r"), maxLength: 3 }),
  },
);

const hexDigit = fc.constantFrom(..."0123456789abcdefABCDEF");

/** A part of a string literal. */
const stringPiece = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 3 }).map((text) =>
    // deno-lint-ignore no-control-regex -- a literal has no control characters
    text.replace(/["\\\x00-\x1f]/g, "x")
  ),
  fc.constantFrom('\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\ud800", "\udc00"),
  fc.tuple(hexDigit, hexDigit, hexDigit, hexDigit).map((digits) => `\\u${digits.join("")}`),
);

/** A string literal with its quotes: raw characters, escapes, lone surrogates in both forms. */
export const stringLiteral: fc.Arbitrary<string> = fc.array(stringPiece, { maxLength: 5 })
  .map((pieces) => `"${pieces.join("")}"`);

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 6 });

/** A number in any notation. */
export const numberText: fc.Arbitrary<string> = fc.tuple(
  fc.constantFrom("", "-"),
  fc.oneof(fc.constant("0"), digits.map((text) => `1${text}`), fc.constantFrom(..."123456789")),
  fc.oneof(fc.constant(""), digits.map((text) => `.${text}`)),
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), digits)
        .map((parts) => parts.join("")),
    },
  ),
).map((parts) => parts.join(""));

/** A string, number, boolean or null. */
export const atomText: fc.Arbitrary<string> = fc.oneof(
  stringLiteral,
  numberText,
  fc.constantFrom("true", "false", "null"),
);

function container(
  open: string,
  close: string,
  part: fc.Arbitrary<string>,
): fc.Arbitrary<string> {
  return fc.tuple(fc.array(fc.tuple(white, part, white), { maxLength: 4 }), white).map(
    ([parts, inner]) =>
      `${open}${parts.length === 0 ? inner : parts.map((one) => one.join("")).join(",")}${close}`,
  );
}

/** Any JSON value, without white space around it. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    atomText,
    container("[", "]", tie("value")),
    container(
      "{",
      "}",
      fc.tuple(stringLiteral, white, white, tie("value")).map(
        ([name, before, after, value]) => `${name}${before}:${after}${value}`,
      ),
    ),
  ),
})).value;

/** JSON with one change: truncated, or with a character removed, inserted or replaced. */
export const brokenJsonText: fc.Arbitrary<string> = fc.tuple(
  jsonText,
  fc.nat(),
  fc.oneof(fc.constantFrom(...'{}[]:,"\\0123-+.eEtfnu \n\u0000\u00a0\ufeff\u0001'), fc.string()),
  fc.constantFrom("cut", "leave out", "insert", "replace"),
).map(([text, place, other, how]) => {
  const at = place % (text.length + 1);
  const before = text.slice(0, at);
  if (how === "cut") return before;
  return before + (how === "leave out" ? "" : other) + text.slice(how === "insert" ? at : at + 1);
});

/** Tokens and pieces of tokens in any order. */
export const tokenSoup: fc.Arbitrary<string> = fc.array(
  fc.constantFrom(
    ...["{", "}", "[", "]", ":", ",", '"', '"a"', "\\", "\\u00", "0", "1", "-", "+", ".", "e", "E"],
    ...["true", "fals", "null", "NaN", "Infinity", "'", " ", "\t", "\n", "\v", "\u00a0", "\ufeff"],
    ...["//", "/*", "0x1", "01", "1.", ".5", "1e", "\u0000", "\u001f", "\u007f", "\ud800"],
  ),
  { maxLength: 12 },
).map((tokens) => tokens.join(""));
