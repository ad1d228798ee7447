/**
 * Proves that the scanner and `JSON.parse` agree on what is JSON, that reported spans are exactly
 * the texts of members and elements, and that neither depth nor length costs more than it should.
 */
import assert from "assert";
import fc from "fast-check";
import {
  skipString,
  skipValue,
  skipWhite,
  stringAt,
  visitElements,
  visitMembers,
} from "../../lib/base/json_scan.ts";
import {
  brokenJsonText,
  jsonText,
  stringLiteral,
  tokenSoup,
  white,
} from "../helpers/json_texts.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `json_scan: ${name}`, permissions: "none", fn });
}

function isJson(text: string): boolean {
  const end = skipValue(text, skipWhite(text, 0));
  if (end < 0) assert.ok(~end <= text.length, `the position of the fault, ${~end}, is in the text`);
  return end >= 0 && skipWhite(text, end) === text.length;
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

test("takes all generated JSON, with white space around it", () => {
  fc.assert(
    fc.property(white, jsonText, white, (before, text, after) => {
      assert.ok(isParsed(text), "the generator makes JSON");
      assert.ok(isJson(before + text + after));
      assert.equal(skipValue(before + text + after, before.length), before.length + text.length);
    }),
    { numRuns: 1_000 },
  );
});

test("agrees with JSON.parse on JSON that was changed at one place", () => {
  fc.assert(fc.property(brokenJsonText, agree), { numRuns: 4_000 });
});

test("agrees with JSON.parse on tokens in any order and on any strings", () => {
  fc.assert(fc.property(tokenSoup, agree), { numRuns: 4_000 });
  fc.assert(fc.property(fc.string({ unit: "binary" }), agree), { numRuns: 1_000 });
});

test("agrees with JSON.parse on every single character, alone and in a string", () => {
  for (let code = 0; code <= 0x2100; code++) {
    const character = String.fromCharCode(code);
    for (const text of [character, `"${character}"`, `"\\${character}"`, `1${character}`]) {
      agree(text);
    }
  }
});

test("agrees with JSON.parse on spellings that are nearly right", () => {
  const texts = [
    ..."{ } [ ] : , \" ' - + . e 0 00 -0 -00 01 -01 0. .0 0.0 1e 1e+ 1e5 1E-05 1.e1 --1 +1".split(
      " ",
    ),
    ..."tru true trues True nul nulll fals false 0x1 1_0 NaN Infinity undefined".split(" "),
    ...[
      '"\\u12"',
      '"\\u123G"',
      '"\\u12345"',
      '"\\x41"',
      '"\\',
      '"\\"',
      '"a\nb"',
      '"\u007f"',
      '"\u2028"',
    ],
    ...["[1,]", "[,1]", "[1 2]", "[1,,2]", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", '{"a":1 "b":2}'],
    ...["[}", "{]", "[1}", '{"a":1]', "[[]", "[]]", "[] []", '{"a":1}{', "{1:2}", '{"a"::1}', ""],
  ];
  texts.forEach(agree);
});

test("a depth of 1,000,000 needs no recursion", () => {
  const depth = 1_000_000;
  const arrays = "[".repeat(depth) + "]".repeat(depth);
  assert.equal(skipValue(arrays, 0), arrays.length);
  assert.equal(skipValue(arrays.slice(0, -1), 0), ~(arrays.length - 1));
  assert.equal(skipValue(arrays.slice(0, -1) + "}", 0), ~(arrays.length - 1));
  const objects = '{"a":'.repeat(depth) + "null" + "}".repeat(depth);
  assert.equal(skipValue(objects, 0), objects.length);
  const mixed = '[{"a":'.repeat(depth / 2) + "1" + "}]".repeat(depth / 2);
  assert.equal(visitElements(mixed, 0, () => {}), mixed.length);
  assert.equal(skipValue("[1]", 0), 3, "what one call needed does not disturb the next");
});

test("members are reported in order with exact spans, equal ones too", () => {
  const member = fc.tuple(white, stringLiteral, white, white, jsonText, white);
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), fc.string(), (members, before) => {
      let text = `${before}{`;
      const expected: number[][] = [];
      members.forEach(([w1, name, w2, w3, value, w4], at) => {
        text += `${at === 0 ? "" : ","}${w1}`;
        const nameStart = text.length;
        text += name;
        const nameEnd = text.length;
        text += `${w2}:${w3}`;
        const valueStart = text.length;
        text += value;
        expected.push([nameStart, nameEnd, valueStart, text.length]);
        text += w4;
      });
      text += "}";
      const came: number[][] = [];
      assert.equal(
        visitMembers(text + "]tail", before.length, (...span) => void came.push(span)),
        text.length,
      );
      assert.deepEqual(came, expected);
    }),
    { numRuns: 500 },
  );
});

test("elements are reported in order with exact spans", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(white, jsonText, white), { maxLength: 6 }), (elements) => {
      const text = `[${elements.map((parts) => parts.join("")).join(",")}]`;
      const came: string[] = [];
      const end = visitElements(`${text}}`, 0, (start, end) => came.push(text.slice(start, end)));
      assert.equal(end, text.length);
      assert.deepEqual(came, elements.map(([, value]) => value));
    }),
    { numRuns: 500 },
  );
});

test("what is no object or array at that place is not visited", () => {
  for (const text of ["", "1", "[]", '"{}"']) {
    assert.ok(visitMembers(text, 0, () => assert.fail()) < 0);
  }
  for (const text of ["", "1", "{}", '"[]"']) {
    assert.ok(visitElements(text, 0, () => assert.fail()) < 0);
  }
  for (const text of ["{", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a" 1}', "{1:1}"]) {
    assert.ok(visitMembers(text, 0, () => {}) < 0, text);
  }
  for (const text of ["[", "[1", "[1,", "[1,]", "[1 2]", "[,]"]) {
    assert.ok(visitElements(text, 0, () => {}) < 0, text);
  }
});

test("string literals are decoded as JSON.parse does, wherever they stand", () => {
  fc.assert(
    fc.property(fc.string(), stringLiteral, fc.string(), (before, literal, after) => {
      const text = before + literal + after;
      const end = skipString(text, before.length);
      assert.equal(end, before.length + literal.length);
      assert.equal(stringAt(text, before.length, end), JSON.parse(literal));
    }),
    { numRuns: 1_000 },
  );
});

test("lone surrogates stay what they are, raw or escaped", () => {
  assert.equal(stringAt('"\\ud800"', 0, 8), "\ud800");
  assert.equal(stringAt('"\ud800"', 0, 3), "\ud800");
  assert.equal(stringAt('"\\ud83d\\ude00"', 0, 14), "\u{1f600}");
  assert.equal(stringAt('"\\udc00\\ud800"', 0, 14), "\udc00\ud800");
});

test("decoding a literal looks at nothing behind it", () => {
  const text = '"abc"' + "x".repeat(1_000_000);
  assert.equal(charactersSearched(() => stringAt(text, 0, 5)) <= 10, true);
});

/** Characters that string searches pass over while a function runs. */
function charactersSearched(run: () => void): number {
  const { indexOf, includes } = String.prototype;
  let searched = 0;
  String.prototype.indexOf = function (wanted: string, from = 0): number {
    const found = indexOf.call(this, wanted, from);
    searched += (found < 0 ? this.length : found) - from;
    return found;
  };
  String.prototype.includes = function (wanted: string, from = 0): boolean {
    searched += this.length - from;
    return includes.call(this, wanted, from);
  };
  try {
    run();
    return searched;
  } finally {
    String.prototype.indexOf = indexOf;
    String.prototype.includes = includes;
  }
}
