/** Proves that regexes mean what Python's `re.search` means, and that none can do harm. */
import assert from "assert";
import fc from "fast-check";
import { MAX_REGEX_CHARS } from "../../lib/base/limits.ts";
import { compileKeyPattern } from "../../lib/table/key_pattern.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `key_pattern: ${name}`, permissions: "none", fn });
}

function isFound(regex: string, key: string): boolean {
  const pattern = compileKeyPattern(regex);
  assert.ok(!("problem" in pattern), "problem" in pattern ? `${regex}: ${pattern.problem}` : "");
  return pattern.isFoundIn(key) ?? assert.fail("too much work");
}

function problemOf(regex: string): string {
  const pattern = compileKeyPattern(regex);
  assert.ok("problem" in pattern, `${regex} was taken`);
  return pattern.problem;
}

test("is found anywhere in the key, unless anchored", () => {
  for (const regex of ["ebr", "^zeb", "ra$", "^zebra$", "", "z.*a", "\\Azeb", "ra\\z"]) {
    assert.ok(isFound(regex, "zebra"), regex);
  }
  for (const regex of ["^ebr", "zeb$", "ZEB", "zebras", "\\Aebr"]) {
    assert.ok(!isFound(regex, "zebra"), regex);
  }
});

test("has the syntax that RE2 and Python share", () => {
  const found: [string, string][] = [
    ["(?P<year>\\d{4})-", "rx-2026-a"],
    ["(?i)^RX", "rx"],
    ["[^\\W\\d_]+", "_1a"],
    ["(a|b)+?c", "xabac"],
    ["a{2,3}b", "caab"],
    ["\\bword\\b", "a word here"],
    ["(?s)a.b", "a\nb"],
    ["(?m)^b", "a\nb"],
    ["\\x41\\t\\.", "A\t."],
    ["(?:ab)*$", ""],
    ["[\\]\\-]", "a-"],
  ];
  for (const [regex, key] of found) assert.ok(isFound(regex, key), regex);
  for (const [regex, key] of [["a.b", "a\nb"], ["^b", "a\nb"], ["\\d", "\u0663"]] as const) {
    assert.ok(!isFound(regex, key), regex);
  }
});

test("a dot is one character, beyond the first plane too", () => {
  assert.ok(isFound("^.$", "\u{1f600}"));
  assert.ok(isFound("^\u{1f600}$", "\u{1f600}"));
  assert.ok(isFound("^.$", "\ud800"));
  assert.ok(isFound("^..$", "\udc00\ud800"));
  assert.ok(isFound("^.\u0000.$", "a\u0000b"));
});

test("a bad one has a problem that says what", () => {
  const bad = [
    "(",
    ")",
    "*",
    "[z-a]",
    "a**",
    "[",
    "\\",
    "(?P<n",
    "(?=a)",
    "(a)\\1",
    "a{2,1}",
    "(?<!a)",
  ];
  for (const regex of bad) {
    const problem = problemOf(regex);
    assert.match(problem, /^[^\r\n]{3,200}$/, regex);
    assert.doesNotMatch(problem, /error parsing/);
  }
});

test("a long one and one that compiles to much are refused with the rule", () => {
  assert.ok(isFound("a".repeat(MAX_REGEX_CHARS), "a".repeat(MAX_REGEX_CHARS)));
  assert.match(problemOf("a".repeat(MAX_REGEX_CHARS + 1)), /at most 10000 characters.*10001/);
  assert.match(problemOf("(((((a?){2}){2}){2}){2}){2}".repeat(300)), /at most 12000 instructions/);
  problemOf("((a{100}){100}){100}");
  problemOf("(".repeat(MAX_REGEX_CHARS));
  problemOf("(".repeat(MAX_REGEX_CHARS / 2) + ")".repeat(MAX_REGEX_CHARS / 2));
});

test("one that would take years elsewhere is answered", () => {
  const key = "a".repeat(5_000) + "!";
  for (const regex of ["^(a+)+$", "^(a|aa)+$", "^(a*)*$", "^(a?){200}a{200}$", "(x+x+)+y"]) {
    assert.equal(isFound(regex, key), false, regex);
  }
});

test("any text is a pattern or has a problem, and looks at any key", () => {
  const piece = fc.constantFrom(
    ..."a b 0 . * + ? | ^ $ ( ) [ ] { } \\ - , (?: (?i) (?P<n> {2} {2,} {,3} [^ [a-z] \\d \\W \\b \\pL"
      .split(" "),
    ...[
      "\\Q",
      "\\E",
      "\\x",
      "\\u",
      "[[:alpha:]]",
      "\u00e9",
      "\u{1f600}",
      "\ud800",
      "\n",
      "\u0000",
      "#",
    ],
  );
  const regex = fc.oneof(fc.array(piece, { maxLength: 8 }).map((all) => all.join("")), fc.string());
  fc.assert(
    fc.property(regex, fc.string({ unit: "binary" }), (regex, key) => {
      const pattern = compileKeyPattern(regex);
      if ("problem" in pattern) assert.equal(typeof pattern.problem, "string");
      else assert.equal(typeof pattern.isFoundIn(key), "boolean");
    }),
    { numRuns: 2_000 },
  );
});

test("finds a plain text where includes() does", () => {
  const unit = fc.constantFrom("a", "b", "\u00e9", "\u{1f600}", "\n", "\u0000");
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 3 }),
      fc.string({ unit, maxLength: 8 }),
      (text, key) => {
        assert.equal(isFound(text, key), key.includes(text));
      },
    ),
    { numRuns: 500 },
  );
});
