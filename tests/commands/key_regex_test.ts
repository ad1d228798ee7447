/** Proves that regexes match like Python's `re.search`, and that none takes long. */
import assert from "assert";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { MAX_REGEX_CHARS } from "../../lib/base/limits.ts";
import { keyTextOf } from "../../lib/protocol/key_text.ts";
import { compileKeyRegex, type KeyRegex } from "../../lib/commands/key_regex.ts";
import { randomFrom } from "../../bench/harness/random.ts";
import { oddKey } from "./searches.ts";
import { anyCharacter } from "../helpers/json_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("key_regex");

const isFound = (regex: string, key: string) => isFoundBy(compiled(regex), key);

function isFoundBy(pattern: KeyRegex, key: string): boolean {
  const { bytes, start, end } = keyTextOf(key);
  const found = pattern.matches(bytes, start, end, Infinity);
  return found ?? assert.fail("undefined, although any number of steps is allowed");
}

function compiled(regex: string): KeyRegex {
  const pattern = compileKeyRegex(regex);
  return "problem" in pattern ? assert.fail(`${regex}: ${pattern.problem}`) : pattern;
}

function problemOf(regex: string): string {
  const pattern = compileKeyRegex(regex);
  assert.ok("problem" in pattern, `${regex} was accepted`);
  return pattern.problem;
}

test("a regex matches anywhere in the key, unless anchored", () => {
  for (const regex of ["ebr", "^zeb", "ra$", "^zebra$", "", "z.*a", "\\Azeb", "ra\\z"]) {
    assert.ok(isFound(regex, "zebra"), regex);
  }
  for (const regex of ["^ebr", "zeb$", "ZEB", "zebras", "\\Aebr"]) {
    assert.ok(!isFound(regex, "zebra"), regex);
  }
});

test("the syntax is that of Python", () => {
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

test("a dot is one character, also beyond the basic plane", () => {
  assert.ok(isFound("^.$", "\u{1f600}"));
  assert.ok(isFound("^\u{1f600}$", "\u{1f600}"));
  assert.ok(isFound("^.$", "\ud800"));
  assert.ok(isFound("^..$", "\udc00\ud800"));
  assert.ok(isFound("^.\u0000.$", "a\u0000b"));
});

test("an invalid regex has a problem: one short line, also if it quotes the regex", () => {
  const bad = "( ) * [z-a] a** [ \\ (?P<n (?=a) (a)\\1 a{2,1} (?<!a)".split(" ");
  const odd = ["[\nk", "[\u0007\r\n", "a{2}{3}\u2028", "[" + "b".repeat(5_000), "(?P<\n>a)"];
  for (const regex of [...bad, ...odd]) {
    const problem = problemOf(regex);
    assert.match(problem, /^[^\p{Cc}\u2028\u2029]{3,210}[^.\p{Cc}]$/u, JSON.stringify(regex));
    assert.doesNotMatch(problem, /error parsing/);
  }
});

test("a long regex and one of many instructions are rejected with the rule", () => {
  assert.ok(isFound("a".repeat(1_900), "a".repeat(1_900)));
  assert.match(problemOf("a".repeat(MAX_REGEX_CHARS + 1)), /at most 2000 characters.*2001/);
  assert.match(problemOf("(((((a?){2}){2}){2}){2}){2}".repeat(50)), /at most 2000 instructions/);
  problemOf("((a{100}){100}){100}");
  problemOf("(".repeat(MAX_REGEX_CHARS));
  problemOf("(".repeat(MAX_REGEX_CHARS / 2) + ")".repeat(MAX_REGEX_CHARS / 2));
});

test("every regex is accepted or rejected about as fast as a large plain text", () => {
  const fold = "[a-\u{1e942}]", foldEscaped = "[a-\\x{1e942}]";
  const costly = [
    "(?:a{30}){30}",
    "((a{100}){100}){100}",
    "(?i)" + fold.repeat(300),
    "(?i)" + foldEscaped.repeat(150),
    "(?i)(?:" + (fold + "|").repeat(250) + ")",
    "(?i:" + fold.repeat(300) + ")",
    "(?si)" + `[^a-\u{1e942}]`.repeat(250),
    "\\pL".repeat(600),
    "(?i)" + "\\PL|".repeat(400),
    "[\\pL\\pN\\p{Greek}]".repeat(90),
    "(?:\\pL|\\pN)".repeat(30) + "{30}",
    "(?:a?){1000}".repeat(100),
    "()".repeat(900),
    "[".repeat(2_000),
    "\\Q".repeat(900),
  ];
  const timeOf = (regex: string) =>
    Math.min(...Array.from({ length: 5 }, () => {
      const startMs = performance.now();
      compileKeyRegex(regex);
      return performance.now() - startMs;
    }));
  const plainMs = timeOf("ab?c".repeat(450));
  for (const regex of costly) {
    const ms = timeOf(regex);
    assert.ok(ms < 15 * plainMs + 10, `${regex.slice(0, 40)}: ${ms} ms, plain: ${plainMs} ms`);
  }
});

test("common regexes are accepted", () => {
  const useful = [
    "^[\\p{L}\\p{N}_-]{1,64}$",
    "(?i)^(?:alpha|beta|gamma)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    "(?i)[\u0430-\u044f]+ [a-z\u00e0-\u00f6\u00f8-\u00ff]{2,30}",
    "^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)$",
    Array.from({ length: 150 }, (_, at) => `user-${at}`).join("|"),
    "^.{0,500}$",
    "\\(\\(a\\{1000\\}\\)",
    "[{}()*+?]{3}\\{1000\\}",
  ];
  for (const regex of useful) compiled(regex);
});

test("a regex whose states never occur again is matched without an automaton", () => {
  const regex = "[\\x{400}-\\x{2000}]+?.{100}[!-#]";
  const random = randomFrom(1);
  const newKey = () => oddKey(random, 3_000);
  const pattern = compiled(regex), unbounded = RE2JS.compile(regex);
  for (let round = 0; round < 8; round++) {
    const key = newKey() + "!";
    assert.equal(isFoundBy(pattern, key), unbounded.test(key));
  }
  // Each key needs new states.
  const timeOf = (isFound: (key: string) => boolean) =>
    Math.min(...Array.from({ length: 8 }, () => {
      const key = newKey(), startMs = performance.now();
      isFound(key);
      return performance.now() - startMs;
    }));
  const boundedMs = timeOf((key) => isFoundBy(pattern, key));
  const unboundedMs = timeOf((key) => unbounded.test(key));
  assert.ok(boundedMs < unboundedMs / 4, `${boundedMs} ms; without a bound ${unboundedMs} ms`);
});

test("a long key is matched as long as the automaton lasts", () => {
  const odd = keyTextOf(oddKey(randomFrom(2), 50_000));
  const plain = keyTextOf("abcdefghij".repeat(100_000));
  const match = (pattern: KeyRegex, { bytes, start, end }: typeof odd, maxSteps: number) =>
    pattern.matches(bytes, start, end, maxSteps);
  const quick = compiled("^abc.*j$");
  for (let round = 0; round < 2; round++) assert.equal(match(quick, plain, 10), true);
  const hard = compiled("[\\x{400}-\\x{2000}]+?.{100}[!-#]");
  assert.equal(match(hard, odd, 10), undefined);
  assert.equal(match(hard, odd, 10), undefined);
  assert.equal(match(hard, odd, 1e9), false, "it matches if it may take more steps");
  assert.equal(match(compiled("nowhere"), plain, 10), false);
});

test("keys with too many steps have no effect on later ones", () => {
  const text = oddKey(randomFrom(3), 50_000);
  const odd = keyTextOf(text), plain = keyTextOf("ab".repeat(5_000));
  const pattern = compiled("[\\x{400}-\\x{2000}]+?.{50}[!-#]");
  const match = ({ bytes, start, end }: typeof odd) => pattern.matches(bytes, start, end, 10);
  assert.equal(match(plain), false);
  for (let round = 0; round < 3; round++) {
    assert.equal(match(odd), undefined);
    assert.equal(match(plain), false);
    // Nor do keys that leave little memory for the next one.
    for (let at = 0; at < 40; at++) {
      const some = keyTextOf(text.slice(at * 100, at * 100 + 60));
      assert.equal(typeof match(some), "boolean");
    }
    assert.equal(match(plain), false);
  }
});

test("steps grow with the instructions, and plain text and the empty regex have few", () => {
  const [simple, hard, plain, all] = ["^a.*b", "^a.{50}b", "a".repeat(100), ""].map(compiled);
  assert.ok(simple && hard && plain && all);
  assert.equal(simple.stepsFor(10), 10 * simple.instructions);
  assert.ok(hard.stepsFor(10) > 5 * simple.stepsFor(10));
  assert.ok(plain.stepsFor(10) < simple.stepsFor(10));
  assert.equal(all.stepsFor(1e9), 0);
  assert.ok(isFoundBy(all, "") && isFoundBy(all, "x"));
});

test("a regex that takes years in other engines is matched", () => {
  const key = "a".repeat(5_000) + "!";
  for (const regex of ["^(a+)+$", "^(a|aa)+$", "^(a*)*$", "^(a?){200}a{200}$", "(x+x+)+y"]) {
    assert.equal(isFound(regex, key), false, regex);
  }
});

test("any text is a regex or has a problem, and any key can be matched", () => {
  const piece = fc.constantFrom(
    ..."a b 0 . * + ? | ^ $ ( ) [ ] { } \\ - , (?: (?i) (?P<n> {2} {2,} {,3} [^ [a-z] \\d \\W \\b \\pL"
      .split(" "),
    ...["\\Q", "\\E", "\\x", "\\u", "[[:alpha:]]"],
    ...["\u00e9", "\u{1f600}", "\ud800", "\n", "\u0000", "#"],
  );
  const regex = fc.oneof(fc.array(piece, { maxLength: 8 }).map((all) => all.join("")), fc.string());
  fc.assert(
    fc.property(regex, fc.string({ unit: anyCharacter }), (regex, key) => {
      const pattern = compileKeyRegex(regex);
      if ("problem" in pattern) assert.equal(typeof pattern.problem, "string");
      else assert.equal(typeof isFoundBy(pattern, key), "boolean");
    }),
    { numRuns: 2_000 },
  );
});

test("a plain text matches like includes()", () => {
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
