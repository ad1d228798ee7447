/** An oracle for regexes: Python itself, in one process. And a generator of random regexes. */
import type { Random } from "../../bench/harness/random.ts";

/** Python's result: whether `re.search` with `re.ASCII` matches each key; or the error of `re.compile`. */
export type PythonAnswer = readonly boolean[] | string;

/** A regex and keys. */
export type Question = readonly [regex: string, keys: readonly string[]];

const PROGRAM = `
import json, re, sys, warnings
if sys.version_info < (3, 11):
    sys.exit("the regexes are those of Python 3.11 or later")
warnings.simplefilter("ignore")
answers = []
for regex, keys in json.load(sys.stdin):
    try:
        compiled = re.compile(regex, re.ASCII)
        answers.append([compiled.search(key) is not None for key in keys])
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        answers.append(str(error))
json.dump(answers, sys.stdout)
`;

/** Runs regexes in Python. */
export async function askPython(questions: readonly Question[]): Promise<readonly PythonAnswer[]> {
  const child = new Deno.Command("python3", {
    args: ["-c", PROGRAM],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(asciiJson(questions)));
  await writer.close();
  const { stdout, code } = await child.output();
  if (code !== 0) throw new Error(`python3 ended with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** JSON in ASCII, which keeps lone surrogates. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const CHARACTERS = [..."aabbcABZz019_ -,.#\n\t\v\f\r\u0000\u00e9\u00c9\u4e2d\u{1f600}", "\ud800"];
const ATOMS = [
  ..."abcAZ019_- ,#.\u00e9\u4e2d\u{1f600}\n",
  ..."\\d \\D \\w \\W \\s \\S \\t \\n \\v \\f \\r \\a \\. \\- \\_ \\\\ \\[ \\] \\{ \\/ \\x41 \\x0b"
    .split(" "),
  ..."\\u0041 \\u00e9 \\u4e2d \\U0001f600 \\ud800 \\0 \\07 \\011 \\101 \\141 \\377 \\\u00e9".split(
    " ",
  ),
  ..."( ) ] { } ^ $ \\A \\Z \\b \\B (?#x) {a {1 {} {,".split(" "),
];
const ODD =
  "\\8 \\9 \\1 \\400 \\q \\x4 \\u12 \\Q \\N * + ? {2} {,} {2,1} | (? (?: (?P<n> (?i) (?s) [ [^ \\"
    .split(" ");
const REPETITIONS = "* + ? {0} {1} {2} {1,} {,2} {,} {0,1} {2,3} *? +? ?? {1,2}? {,1}?".split(" ");
const FLAGS = "(?i) (?s) (?m) (?a) (?im) (?sam) (?ss)".split(" ");
const GROUPS = "( (?: (?P<a> (?P<b_1> (?i: (?s: (?m: (?-i: (?a: (?is-m: (?m-s:".split(" ");
const MEMBERS = [
  ..."abcAZ019_,.#^-[]\u00e9\u4e2d\u{1f600} \n",
  ..."a-c 0-9 A-Z +-- --/ \\d \\D \\w \\W \\s \\S \\b \\n \\t \\v \\x41 \\x41-\\x43 \\u00e9 \\- \\] \\^ \\\\"
    .split(" "),
  ..."\\0 \\101 \\1 \\12 \\a-\\r \\U0001f600 \u00e0-\u00ff \\ud800-\\udfff z-a \\d-z \\B \\8".split(
    " ",
  ),
];

const SPECIAL = [..."\\()[]{}|*+?^$.,:-<>=!#P0aixs1"];

/** A random regex in Python's syntax. A few are not valid. */
export function randomRegex(random: Random): string {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const piece = (depth: number): string => {
    const kind = random.below(20);
    if (kind === 0 && depth > 0) return `${pick(GROUPS)}${branch(depth - 1)})`;
    if (kind <= 2 && depth > 0) return `(${branch(depth - 1)}|${branch(depth - 1)})`;
    if (kind <= 5) return `[${pick(["", "^", ""])}${some(MEMBERS, 4)}]`;
    if (kind === 6) return pick(random.below(4) ? ATOMS : ODD);
    return pick(ATOMS.slice(0, -14));
  };
  const some = (list: readonly string[], most: number) =>
    Array.from({ length: 1 + random.below(most) }, () => pick(list)).join("");
  const branch = (depth: number): string =>
    Array.from(
      { length: random.below(4) },
      () => piece(depth) + (random.below(3) ? "" : pick(REPETITIONS)),
    ).join("");
  const anchored = (text: string) =>
    (random.below(4) ? text : `^${text}`) + (random.below(4) ? "" : "$");
  const regex = (random.below(6) ? "" : pick(FLAGS)) + anchored(branch(2));
  if (random.below(5)) return regex;
  // Inserts or removes a character.
  const at = random.below(regex.length + 1);
  return regex.slice(0, at) + (random.below(2) ? pick(SPECIAL) : "") +
    regex.slice(at + random.below(2));
}

/** A short random key of characters that such regexes use. */
export function randomKey(random: Random): string {
  return Array.from({ length: random.below(6) }, () => CHARACTERS[random.below(CHARACTERS.length)])
    .join("");
}
