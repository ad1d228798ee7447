/** Proves that skipping valid JSON ends at the same position as validating it. */
import assert from "assert";
import fc from "fast-check";
import { skipValue } from "../../lib/json/scan.ts";
import { skipValidValue } from "../../lib/json/skip.ts";
import { jsonText, white } from "../helpers/json_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("json_skip");

const encoder = new TextEncoder();

test("a value ends at the scanner's position, alone and among others", () => {
  const behind = fc.constantFrom("", ",1", "]", "}", " ", "\n,", '\t]"');
  fc.assert(
    fc.property(jsonText, white, behind, (text, before, behind) => {
      const start = encoder.encode(before).length;
      const bytes = encoder.encode(before + text + behind);
      const { length } = bytes;
      assert.equal(skipValidValue(bytes, start, length), skipValue(bytes, start, length));
    }),
    { numRuns: 2_000 },
  );
});

test("brackets and quotes in strings have no effect", () => {
  for (const text of ['["]"]', '{"}":"]"}', '["\\"]"]', '["\\\\"]', '"]"', '[["[{"],{"a":"}"}]']) {
    const bytes = encoder.encode(`${text}]}"`);
    assert.equal(skipValidValue(bytes, 0, bytes.length), text.length, text);
  }
});

test("a depth of 1,000,000 needs no recursion", () => {
  const text = '[{"a":'.repeat(500_000) + "1" + "}]".repeat(500_000);
  assert.equal(skipValidValue(encoder.encode(text), 0, text.length), text.length);
});
