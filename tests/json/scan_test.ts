/**
 * Proves that the scanner and `JSON.parse` accept the same texts, that visited positions are exactly
 * those of members and elements, that deep nesting is cheap, and that bytes behind the end have no
 * effect.
 *
 * One file because the tests compare the same functions of the scanner with `JSON.parse`.
 */
import assert from "assert";
import fc from "fast-check";
import {
  hasEscape,
  skipString,
  skipValue,
  skipWhite,
  stringAt,
  visitElements,
  visitMembers,
} from "../../lib/json/scan.ts";
import {
  anyCharacter,
  brokenJsonText,
  jsonText,
  stringLiteral,
  tokenSoup,
  white,
} from "../helpers/json_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("json_scan");

const encoder = new TextEncoder();
const bytesOf = (text: string) => encoder.encode(text);
const lengthOf = (text: string) => bytesOf(text).length;

function isJson(text: string): boolean {
  const bytes = bytesOf(text);
  const end = bytes.length;
  const valueEnd = skipValue(bytes, skipWhite(bytes, 0, end), end);
  if (valueEnd < 0) assert.ok(~valueEnd <= end, `the position of the fault, ${~valueEnd}`);
  return valueEnd >= 0 && skipWhite(bytes, valueEnd, end) === end;
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const agree = (text: string) => assert.equal(isJson(text), isParsed(text), JSON.stringify(text));

test("accepts all generated JSON, with white space around it", () => {
  fc.assert(
    fc.property(white, jsonText, white, (before, text, after) => {
      assert.ok(isParsed(text), "the generated text is JSON");
      assert.ok(isJson(before + text + after));
      const bytes = bytesOf(before + text + after);
      const end = before.length + lengthOf(text);
      assert.equal(skipValue(bytes, before.length, bytes.length), end);
    }),
    { numRuns: 1_000 },
  );
});

test("agrees with JSON.parse on JSON with one change", () => {
  fc.assert(fc.property(brokenJsonText, agree), { numRuns: 4_000 });
});

test("agrees with JSON.parse on random tokens and random strings", () => {
  fc.assert(fc.property(tokenSoup, agree), { numRuns: 4_000 });
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), agree), { numRuns: 1_000 });
});

test("agrees with JSON.parse on every character, alone and in a string", () => {
  for (let code = 0; code <= 0x2100; code++) {
    const character = String.fromCharCode(code);
    [character, `"${character}"`, `"\\${character}"`, `1${character}`].forEach(agree);
  }
});

test("agrees with JSON.parse on texts that are nearly JSON", () => {
  const texts = [
    ..."{ } [ ] : , \" ' - + . e 0 00 -0 -00 01 -01 0. .0 0.0 1e 1e+ 1e5 1E-05 1.e1 --1 +1".split(
      " ",
    ),
    ..."tru true trues True nul nulll fals false 0x1 1_0 NaN Infinity undefined".split(" "),
    ...['"\\u12"', '"\\u123G"', '"\\u12345"', '"\\x41"', '"\\', '"\\"', '"a\nb"', '"\u007f"'],
    '"\u2028"',
    ...["[1,]", "[,1]", "[1 2]", "[1,,2]", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", '{"a":1 "b":2}'],
    ...["[}", "{]", "[1}", '{"a":1]', "[[]", "[]]", "[] []", '{"a":1}{', "{1:2}", '{"a"::1}', ""],
  ];
  texts.forEach(agree);
});

test("a depth of 1,000,000 needs no recursion", () => {
  const depth = 1_000_000;
  const skipped = (text: string) => skipValue(bytesOf(text), 0, text.length);
  const arrays = "[".repeat(depth) + "]".repeat(depth);
  assert.equal(skipped(arrays), arrays.length);
  assert.equal(skipped(arrays.slice(0, -1)), ~(arrays.length - 1));
  assert.equal(skipped(arrays.slice(0, -1) + "}"), ~(arrays.length - 1));
  const objects = '{"a":'.repeat(depth) + "null" + "}".repeat(depth);
  assert.equal(skipped(objects), objects.length);
  const mixed = '[{"a":'.repeat(depth / 2) + "1" + "}]".repeat(depth / 2);
  assert.equal(visitElements(bytesOf(mixed), 0, mixed.length, () => {}), mixed.length);
  assert.equal(skipped("[1]"), 3, "a call does not disturb the next one");
});

test("agrees with JSON.parse on the pairs of brackets, at any depth", () => {
  const brackets = fc.array(fc.constantFrom("[", '{"a":'), { maxLength: 200, size: "max" });
  const closing = (open: string) => open === "[" ? "]" : "}";
  fc.assert(
    fc.property(brackets, fc.nat(), fc.boolean(), (open, place, isRight) => {
      const close = open.map(closing).reverse();
      const wrong = place % Math.max(1, close.length);
      if (!isRight && close.length > 0) close[wrong] = close[wrong] === "]" ? "}" : "]";
      // On the way back, further containers begin and end inside of open ones.
      const more = open.map((bracket) => bracket === "[" ? ",[{}]" : ',"b":{"c":[]}').reverse();
      agree(open.join("") + "1" + close.map((bracket, at) => more[at] + bracket).join(""));
      agree(open.join("") + "1" + close.join(""));
    }),
    { numRuns: 500 },
  );
});

test("members are visited in order with exact positions, duplicates too", () => {
  const member = fc.tuple(white, stringLiteral, white, white, jsonText, white);
  const binary = fc.string({ unit: anyCharacter });
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), binary, (members, before) => {
      let text = `${before}{`;
      const expected: number[][] = [];
      members.forEach(([w1, name, w2, w3, value, w4], at) => {
        text += `${at === 0 ? "" : ","}${w1}`;
        const nameStart = lengthOf(text);
        text += name;
        const nameEnd = lengthOf(text);
        text += `${w2}:${w3}`;
        const valueStart = lengthOf(text);
        text += value;
        expected.push([nameStart, nameEnd, valueStart, lengthOf(text)]);
        text += w4;
      });
      text += "}";
      const bytes = bytesOf(text + "]tail");
      const visited: number[][] = [];
      const visit = (...places: number[]) => void visited.push(places);
      assert.equal(visitMembers(bytes, lengthOf(before), bytes.length, visit), lengthOf(text));
      assert.deepEqual(visited, expected);
    }),
    { numRuns: 500 },
  );
});

test("elements are visited in order with exact positions", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(white, jsonText, white), { maxLength: 6 }), (elements) => {
      const text = `[${elements.map((parts) => parts.join("")).join(",")}]`;
      const bytes = bytesOf(`${text}}`);
      const visited: Uint8Array[] = [];
      const visit = (start: number, end: number) => void visited.push(bytes.slice(start, end));
      assert.equal(visitElements(bytes, 0, bytes.length, visit), bytes.length - 1);
      assert.deepEqual(visited, elements.map(([, value]) => bytesOf(value)));
    }),
    { numRuns: 500 },
  );
});

test("a value that is not an object or array is not visited", () => {
  const members = (text: string, visit: () => void) =>
    visitMembers(bytesOf(text), 0, text.length, visit);
  const elements = (text: string, visit: () => void) =>
    visitElements(bytesOf(text), 0, text.length, visit);
  for (const text of ["", "1", "[]", '"{}"']) assert.ok(members(text, () => assert.fail()) < 0);
  for (const text of ["", "1", "{}", '"[]"']) assert.ok(elements(text, () => assert.fail()) < 0);
  for (const text of ["{", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a" 1}', "{1:1}"]) {
    assert.ok(members(text, () => {}) < 0, text);
  }
  for (const text of ["[", "[1", "[1,", "[1,]", "[1 2]", "[,]"]) {
    assert.ok(elements(text, () => {}) < 0, text);
  }
});

test("string literals are decoded like JSON.parse does, at any position", () => {
  const binary = fc.string({ unit: anyCharacter });
  fc.assert(
    fc.property(binary, stringLiteral, binary, (before, literal, after) => {
      const bytes = bytesOf(before + literal + after);
      const start = lengthOf(before);
      const end = skipString(bytes, start, bytes.length);
      assert.equal(end, start + lengthOf(literal));
      assert.equal(hasEscape(bytes, start, end), literal.includes("\\"));
      // UTF-8 has no bytes for a lone surrogate without an escape.
      assert.equal(stringAt(bytes, start, end), JSON.parse(literal.toWellFormed()));
    }),
    { numRuns: 1_000 },
  );
});

test("escaped surrogates are kept, alone and in pairs", () => {
  const decoded = (literal: string) => stringAt(bytesOf(literal), 0, literal.length);
  assert.equal(decoded('"\\ud800"'), "\ud800");
  assert.equal(decoded('"\\ud83d\\ude00"'), "\u{1f600}");
  assert.equal(decoded('"\\udc00\\ud800"'), "\udc00\ud800");
});

test("bytes that are not UTF-8 are accepted in strings only", () => {
  for (let byte = 0x80; byte <= 0xff; byte++) {
    assert.equal(skipValue(Uint8Array.of(34, byte, 34), 0, 3), 3);
    assert.equal(skipValue(Uint8Array.of(34, 92, byte, 34), 0, 4), ~2);
    assert.equal(skipValue(Uint8Array.of(byte), 0, 1), ~0);
    assert.equal(skipWhite(Uint8Array.of(byte), 0, 1), 0);
  }
});

/** The results of all functions for a part of a buffer, with all visits. */
function outcomes(bytes: Uint8Array, start: number, end: number): unknown[] {
  const reported: number[][] = [];
  const report = (...places: number[]) => void reported.push(places);
  const positions = [
    skipWhite(bytes, start, end),
    skipValue(bytes, start, end),
    skipString(bytes, start, end),
    visitMembers(bytes, start, end, report),
    visitElements(bytes, start, end, report),
  ];
  for (const position of positions) {
    assert.ok((position < 0 ? ~position : position) <= end, `${position} is not behind ${end}`);
  }
  const literalEnd = skipString(bytes, start, end);
  if (literalEnd < 0) return [...positions, ...reported];
  const literal = [stringAt(bytes, start, literalEnd), hasEscape(bytes, start, literalEnd)];
  return [...positions, ...reported, ...literal];
}

test("bytes behind the end are never read, wherever a text is cut off", () => {
  const continuations = [
    ...["0", "9.5", "e5", "-1", '"', '""', '\\"', "\\", "]", "]]", "}", "}}", ",1]", ":1}"],
    ...["[]", "{}", "rue", "alse", "ull", "true", "n", "u0041", '0041"', 'a"', " ", "\t\r\n"],
    ...[',"a":1}', "\u00e9"],
  ].map(bytesOf);
  fc.assert(
    fc.property(fc.oneof(jsonText, stringLiteral, brokenJsonText), fc.nat(), (text, place) => {
      const bytes = bytesOf(text);
      const start = place % 2 === 0 ? 0 : place % (bytes.length + 1);
      for (let end = start; end <= bytes.length; end++) {
        const alone = bytes.slice(0, end);
        const expected = outcomes(alone, start, end);
        for (const behind of [bytes.slice(end), ...continuations]) {
          assert.deepEqual(outcomes(Uint8Array.of(...alone, ...behind), start, end), expected);
        }
      }
    }),
    { numRuns: 100 },
  );
});
