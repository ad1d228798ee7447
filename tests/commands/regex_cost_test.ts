/** Proves that the estimated cost of a regex is never below its number of instructions. */
import assert from "assert";
import fc from "fast-check";
import { RE2JS, RE2JSException } from "re2js";
import { regexCost } from "../../lib/commands/regex_cost.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("regex_cost");

/** Number of instructions of a regex; undefined: it is not valid. */
function instructionsOf(regex: string): number | undefined {
  try {
    return RE2JS.compile(regex).programSize();
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}

function isEnough(regex: string): void {
  const instructions = instructionsOf(regex);
  if (instructions === undefined) return;
  assert.ok(regexCost(regex) >= instructions, `${regex}: ${instructions}`);
}

test("the estimate covers random valid regexes", () => {
  const atom = fc.constantFrom(
    ..."a . ^ $ \\b \\d \\W \\pL \\p{Greek} \\x{1F600} \\x41 \\{ \\( \\[ [a-z] [^]a] [[:alpha:]] [\\pL\\]-] [(] [{}] []] \\Q(a{9}\\E"
      .split(" "),
    ...["\u{1f600}", "\ud800", "\n", "", "(?i)", "(?s)", "(?-i)", "\\Q\\E", "\\Qab\\E", "\\E"],
  );
  const { regex } = fc.letrec<{ regex: string; piece: string }>((tie) => ({
    regex: fc.array(tie("piece"), { maxLength: 4 }).map((pieces) => pieces.join("")),
    piece: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(fc.constantFrom("(", "(?:", "(?i:", "(?s-i:"), tie("regex"))
        .map(([open, inner]) => `${open}${inner})`),
      fc.tuple(
        tie("piece"),
        fc.constantFrom("*", "+", "?", "{3}", "{0}", "{2,}", "{0,7}", "{2,5}?"),
      )
        .map(([piece, times]) => piece + times),
      fc.tuple(tie("regex"), tie("regex")).map((sides) => sides.join("|")),
    ),
  }));
  fc.assert(fc.property(regex, isEnough), { numRuns: 3_000 });
});

test("the estimate covers regexes of random pieces", () => {
  const piece = fc.constantFrom(
    ..."a 0 . * + ? | ^ $ ( ) [ ] { } \\ - , : = (?: (?i) {2} {3,} {,3} [^ [a-z] \\d \\W \\b \\pL \\p \\Q \\E \\x \\x{ [: :] () (?"
      .split(" "),
    "(?P<n>",
    "(?<m>",
    "[[:alpha:]]",
    "\u00e9",
  );
  const regex = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  fc.assert(fc.property(regex, isEnough), { numRuns: 5_000 });
});

test("a repeated part counts for each possible repetition", () => {
  assert.ok(regexCost("a{1000}") >= 1_000);
  assert.ok(regexCost("(?:a{100}b){100}") >= 10_000);
  assert.ok(regexCost("(?:a{9}){9,}") >= 81);
  assert.ok(regexCost("(abc)\\Q\\E{9}") >= 27);
  assert.ok(regexCost("(abc)\\Q\\E(?i)\\Q\\E{9}") >= 27);
  assert.ok(regexCost("a{2,1000}") < 5_000);
  assert.ok(regexCost("\\Qa{1000}\\E") < 50);
  assert.ok(regexCost("[a{1000}]") < 50);
  assert.ok(regexCost("\\x{10FFFF}a\\{1000}") < 50);
});

test("a range counts its characters if case is ignored, with any notation of its ends", () => {
  for (const few of ["[\\x00-\\x7f]", "[\\x{0}-\\x{7F}]", "[^ -\\x7F]", "[[:alpha:]\\pL-\\x40]"]) {
    assert.ok(regexCost(`(?i)${few}`) < 100, few);
  }
  const many =
    "[\\x{41}-\\x{1FFFF}] [\\n-\\x{1FFFF}] [\\012-\u{1f600}] [^a-\u{1f600}] [a-z--\u{1f600}]" +
    " [[:alpha:]--\\x{1FFFF}] [\\pL--\u{1f600}] [\\d--\u{1f600}] [\\\\x{1FFFF}-\\x{1FFFF}] [^-\\x{80}-\\x{1FFFF}]";
  for (const range of many.split(" ")) {
    assert.ok(instructionsOf(range) !== undefined, range);
    assert.ok(regexCost(`(?i)${range}`) > 1_000, range);
    assert.ok(regexCost(range) < 100, range);
  }
});
