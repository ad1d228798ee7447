/** Proves that regexes have their meaning in Python, except for the differences in docs/PROTOCOL.md. */
import assert from "assert";
import { keyTextOf } from "../../lib/protocol/key_text.ts";
import { compileKeyRegex } from "../../lib/commands/key_regex.ts";
import { regexForRe2 } from "../../lib/commands/python_regex.ts";
import { isLong } from "../helpers/long.ts";
import { testWith } from "../helpers/needs.ts";
import { testsOf } from "../helpers/pure.ts";
import { askPython, type Question, randomKey, randomRegex } from "./python_oracle.ts";
import { randomFrom, seedFor } from "../../bench/harness/random.ts";

const REGEXES = isLong ? 200_000 : 2_000;
const REGEXES_AT_ONCE = 20_000;
const KEYS = 12;

/** Whether a regex matches a key in the server; or the reason why it is rejected. */
function searchHere(regex: string): (key: string) => boolean | string {
  const pattern = compileKeyRegex(regex);
  if ("problem" in pattern) return () => pattern.problem;
  return (key) => {
    const { bytes, start, end } = keyTextOf(key);
    return pattern.matches(bytes, start, end, Infinity) ?? "too many steps";
  };
}

const here = (regex: string, key: string) => searchHere(regex)(key);

const test = testsOf("python_regex");

/** Translated regexes: each matches its first key, and not the second one. */
const TRANSLATED: readonly (readonly [regex: string, found: string, notFound: string])[] = [
  ["^a{,3}$", "aa", "aaaa"],
  ["^a{,3}$", "", "a{,3}"],
  ["^a{,}$", "aaaa", "b"],
  ["^a{,0}$", "", "a"],
  ["^(ab){,2}?c", "ababc", "abababc"],
  ["^[a{,3}]$", ",", "aa"],
  ["^a\\{,3}$", "a{,3}", "aa"],
  ["^a{,3$", "a{,3", "aa"],
  ["^a{}$", "a{}", "a"],
  ["^a{ 1}$", "a{ 1}", "a"],
  ["a\\Z", "ba", "ab"],
  ["a\\Z", "a", "a\n"],
  ["^\\u00e9\\u4e2D$", "\u00e9\u4e2d", "u00e9u4e2d"],
  ["^\\U0001f600$", "\u{1f600}", "\ud83d"],
  ["^[\\u0061-\\u0063]$", "b", "d"],
  ["^[\\x41-\\x43]$", "B", "x"],
  ["^\\101\\07\\0$", "A\u0007\u0000", "101"],
  ["^[\\1\\12]$", "\n", "1"],
  ["^\\s$", "\v", "\u00a0"],
  ["^[^\\S]$", "\v", "a"],
  ["^[\\s,]$", "\v", "s"],
  ["^[\\b]$", "\b", "b"],
  ["(?a)^\\w$", "a", "\u00e9"],
  ["^(?a:\\w)$", "a", "\u00e9"],
  ["^a(?#any [text)b$", "ab", "a#b"],
  ["^\\\u00e9\\ \\_$", "\u00e9 _", "\\\u00e9 _"],
  ["^[]a]$", "]", "[]"],
  ["^[a-]$", "-", "b"],
  ["^[+--]$", ",", "."],
];

/** Rejected regexes, and parts of their messages. */
const REJECTED: readonly (readonly [regex: string, words: RegExp])[] = [
  ["(?x)a b", /flag x.*leave it out, and all blanks and comments/],
  ["a++", /possessive repetition \+\+.*write \+/],
  ["a{2,3}+", /\{2,3\}\+.*write \{2,3\}/],
  ["(?P<\u00e9>a)", /name of a group may have letters from A to Z.*\(\.\.\.\) without one/],
  ["a{1001}", /at most 1000; write .*a\{1000\}a/],
  ["a{,1001}", /at most 1000/],
  ["a(?=b)", /look-ahead.*filter the keys/],
  ["a(?!b)", /look-ahead.*filter the keys/],
  ["(?<=a)b", /look-behind.*filter the keys/],
  ["(?<!a)b", /look-behind.*filter the keys/],
  ["(a)\\1", /back-reference \\1.*filter the keys/],
  ["(?P<n>a)(?P=n)", /back-reference.*filter the keys/],
  ["(a)?(?(1)b|c)", /conditions.*\(\?:\.\.\.\|\.\.\.\)/],
  ["(?>a)", /atomic groups.*write \(\?:\.\.\.\)/],
  ["(?<n>a)", /written \(\?P<name>\.\.\.\)/],
  ["a(?i)b", /must be at its start; write .*\(\?i:\.\.\.\)/],
  ["(?u)a", /flag u.*leave it out/],
  ["\\Qa.b\\E", /\\Q.*write \\ before each special character/],
  ["\\N{DIGIT ONE}", /\\N.*write the character/],
  ["\\q", /\\q has no meaning; write q, or \\\\q/],
  ["[\\B]", /\\B has no meaning/],
  ["a**", /cannot be repeated.*write \(\?:\.\.\.\)\*/],
  ["^*", /nothing before \*/],
  ["a{2,1}", /first count is larger/],
  ["\\x4", /2 hexadecimal digits/],
  ["\\400", /\\4/],
  ["[b-a]", /from one character to a later one/],
  ["(a", /a \( has no \)/],
  ["a)", /a \) has no \(/],
  ["[a", /a \[ has no \]/],
];

test("plain text, and syntax that both share, is unchanged", () => {
  for (const regex of ["", "key-1:x y", "^a.*b$", "(?i)ab|c+?", "[a-z]{2,3}", "\\w\\d\\b"]) {
    assert.equal(regexForRe2(regex), regex);
  }
});

test("fault: accepted by both, but different, without a word: Python's syntax is translated", () => {
  for (const [regex, found, notFound] of TRANSLATED) {
    assert.equal(here(regex, found), true, `${regex} in ${JSON.stringify(found)}`);
    assert.equal(here(regex, notFound), false, `${regex} in ${JSON.stringify(notFound)}`);
  }
});

test("fault: Python's spelling refused with a reason that does not help: the message proposes another one", () => {
  for (const [regex, words] of REJECTED) {
    const problem = here(regex, "a");
    assert.equal(typeof problem, "string", regex);
    assert.match(String(problem), words, regex);
  }
});

testWith(
  ["python3"],
  "python_regex: a translated regex has the same meaning in Python",
  async () => {
    const answers = await askPython(
      TRANSLATED.map(([regex, found, notFound]) => [regex, [found, notFound]]),
    );
    for (const [at, answer] of answers.entries()) {
      assert.deepEqual(answer, [true, false], TRANSLATED[at]?.[0]);
    }
  },
);

testWith(
  ["python3"],
  "fault: differences that are not in the documents: each row of docs/PROTOCOL.md is true for the server and Python",
  async () => {
    const text = await Deno.readTextFile(new URL("../../docs/PROTOCOL.md", import.meta.url));
    const section = text.slice(text.indexOf("## Regexes"), text.indexOf("## Scans in parts"));
    const rows = section.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
      const [, regex = "", key = "", python = "", ours = ""] = line.split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replace(/^`(.*)`$/, "$1").replaceAll("\\|", "|"));
      return { regex, key: String(JSON.parse(key)), python, ours };
    });
    assert.ok(rows.length >= 20);
    const answers = await askPython(rows.map(({ regex, key }) => [regex, [key]]));
    const inWords = (found: unknown, otherwise: string) =>
      found === true ? "found" : found === false ? "not found" : otherwise;
    for (const [at, { regex, key, python, ours }] of rows.entries()) {
      const answer = answers[at];
      assert.equal(inWords(Array.isArray(answer) ? answer[0] : answer, "error"), python, regex);
      assert.equal(inWords(here(regex, key), "rejected"), ours, regex);
      assert.notEqual(python, ours, `${regex} is no difference`);
    }
  },
);

/** Whether a difference in docs/PROTOCOL.md may change the result. */
function mayDiffer(regex: string, key: string): boolean {
  return (regex.includes("$") && key.endsWith("\n")) || (regex.includes("\\B") && key === "") ||
    (/\(\?[a-z]*i/.test(regex) && /[^\0-\x7f]/.test(key));
}

/** Syntax that only the server accepts. */
const BEYOND_PYTHON = /\\[pPz]|\\x\{|\[:/;

/** Reasons why the server rejects syntax of Python. */
const KNOWN_REASON = /possessive|back-reference|look-|conditions|atomic|flag x|name of a group/;

testWith(
  ["python3"],
  "python_regex: random regexes match the same keys as in Python",
  async () => {
    const random = randomFrom(seedFor("python regexes"));
    let compared = 0;
    for (let left = REGEXES; left > 0; left -= REGEXES_AT_ONCE) {
      const questions: Question[] = Array.from({ length: Math.min(left, REGEXES_AT_ONCE) }, () => [
        randomRegex(random),
        Array.from({ length: KEYS }, () => randomKey(random)),
      ]);
      const answers = await askPython(questions);
      for (const [at, [regex, keys]] of questions.entries()) {
        const answer = answers[at] ?? "none";
        if (BEYOND_PYTHON.test(regex)) continue;
        const search = searchHere(regex);
        for (const [keyAt, key] of keys.entries()) {
          const found = search(key);
          const label = `${JSON.stringify(regex)} in ${JSON.stringify(key)}: ${answer}`;
          if (typeof found === "string") {
            assert.ok(
              typeof answer === "string" || KNOWN_REASON.test(found),
              `${label}; here ${found}`,
            );
            break;
          }
          assert.equal(typeof answer, "object", `${label}; the server accepts it`);
          compared++;
          if (!mayDiffer(regex, key)) assert.equal(found, answer[keyAt], label);
        }
      }
    }
    assert.ok(compared > REGEXES * KEYS / 2, `only ${compared} answers were compared`);
  },
);
