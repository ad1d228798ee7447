/**
 * The translation of regexes from Python's syntax (`re` with `re.ASCII`) to RE2's, with the same meaning.
 *
 * If RE2 lacks a construct, the error message proposes another one. docs/PROTOCOL.md lists the remaining
 * differences, and `tests/commands/python_regex_test.ts` compares with Python itself. Beyond Python's
 * syntax, these are accepted: Unicode classes (`\p{L}`), characters by number (`\x{1F600}`), `\z`, and
 * POSIX classes (`[[:alpha:]]`), which have another meaning in Python.
 */
import { classFor, codeOf, escapedItem, literal } from "./python_class.ts";
import { RegexError, RegexReader } from "./regex_reader.ts";

/** Largest count of a repetition in RE2. */
const MAX_REPEAT = 1_000;

/** The kind of the preceding part, which decides whether a repetition may follow. */
type Preceding = "nothing" | "position" | "repetition" | "item";

/** Positions by the letter of their escape. */
const POSITIONS: Readonly<Record<string, string>> = {
  A: "\\A",
  b: "\\b",
  B: "\\B",
  Z: "\\z",
  z: "\\z",
};

const INSTEAD = "filter the keys that you get";

/** Beginnings of groups that RE2 lacks, each with its error message. */
const REFUSED_GROUPS: readonly (readonly [string, string])[] = [
  ["?=", `look-ahead (?=...) is not possible here; leave it out and ${INSTEAD}`],
  ["?!", `look-ahead (?!...) is not possible here; leave it out and ${INSTEAD}`],
  ["?<=", `look-behind (?<=...) is not possible here; leave it out and ${INSTEAD}`],
  ["?<!", `look-behind (?<!...) is not possible here; leave it out and ${INSTEAD}`],
  [
    "?P=",
    `a back-reference (?P=...) is not possible here; leave it out and ${INSTEAD}`,
  ],
  ["?(", "conditions (?(...)...|...) are not possible here; write the alternatives as (?:...|...)"],
  ["?>", "atomic groups (?>...) are not possible here; write (?:...)"],
  ["?<", "a group with a name is written (?P<name>...)"],
];

/**
 * Translates a regex.
 *
 * @param regex in Python's syntax
 * @returns the regex in RE2's syntax
 * @throws {RegexError} if it is not valid, or RE2 lacks one of its constructs
 */
export function regexForRe2(regex: string): string {
  return /[\\.+*?()|[\]{}^$]/.test(regex) ? new Translator(regex).whole() : regex;
}

class Translator {
  readonly #reader: RegexReader;
  #result = "";
  #depth = 0;
  readonly #names = new Set<string>();
  #preceding: Preceding = "nothing";
  /** Whether flags for the whole regex may still come. */
  #isStart = true;

  constructor(regex: string) {
    this.#reader = new RegexReader(regex);
  }

  whole(): string {
    while (!this.#reader.isAtEnd) this.#piece();
    if (this.#depth > 0) throw new RegexError("a ( has no )");
    return this.#result;
  }

  #piece(): void {
    const char = this.#reader.next();
    if (char === "(") return this.#group();
    if (char === "{" || char === "*" || char === "+" || char === "?") return this.#repetition(char);
    switch (char) {
      case "\\":
        return this.#escape();
      case "[":
        return this.#add(classFor(this.#reader), "item");
      case "^":
      case "$":
        return this.#add(char, "position");
      case "|":
        return this.#add(char, "nothing");
      case ".":
        return this.#add(char, "item");
      case ")":
        if (this.#depth-- === 0) throw new RegexError("a ) has no (");
        return this.#add(char, "item");
    }
    this.#add(literal(codeOf(char)), "item");
  }

  #add(text: string, before: Preceding): void {
    this.#result += text;
    this.#preceding = before;
    this.#isStart = false;
  }

  #group(): void {
    if (!this.#reader.isNext("?")) return this.#open("(");
    for (const [start, problem] of REFUSED_GROUPS) {
      if (this.#reader.isNext(start)) throw new RegexError(problem);
    }
    if (this.#reader.take("?:")) return this.#open("(?:");
    if (this.#reader.take("?#")) {
      this.#reader.until(")", "(?#");
      return;
    }
    if (this.#reader.take("?P<")) return this.#named();
    this.#reader.next();
    this.#flags();
  }

  #open(text: string): void {
    this.#depth++;
    this.#add(text, "nothing");
  }

  #named(): void {
    const name = this.#reader.until(">", "(?P<");
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new RegexError(
        "the name of a group may have letters from A to Z and a to z, _ and digits behind them; write another name, or (...) without one",
      );
    }
    if (this.#names.has(name)) throw new RegexError(`two groups have the name ${name}`);
    this.#names.add(name);
    this.#open("("); // names do not change the matches
  }

  /** Translates flags for a part or the whole regex, behind `(?`. */
  #flags(): void {
    const [on, off = "", end] = this.#flagLetters();
    for (const flag of on + off) {
      if (flag === "x") {
        throw new RegexError(
          "the flag x is not possible here; leave it out, and all blanks and comments",
        );
      }
      if (flag === "u" || flag === "L") {
        throw new RegexError(
          `the flag ${flag} is not possible here; leave it out: classes are ASCII`,
        );
      }
    }
    if (!/^[aims]*$/.test(on) || !/^[ims]*$/.test(off) || (on + off === "")) {
      throw new RegexError(
        "after (? must come :, P<name>, #, or flags of a, i, m and s",
      );
    }
    if ([...off].some((flag) => on.includes(flag))) {
      throw new RegexError("a flag is on and off at once");
    }
    const shown = on.replaceAll("a", "") + (off && `-${off}`); // classes are ASCII anyway
    if (end === ":") return this.#open(`(?${shown}:`);
    if (off !== "" || !this.#isStart) {
      throw new RegexError(
        "flags for a whole regex must be at its start; write flags for a part of it as (?i:...)",
      );
    }
    if (shown) this.#result += `(?${shown})`;
  }

  #flagLetters(): [on: string, off: string | undefined, end: string] {
    const letters = this.#reader.takeWhile(/[A-Za-z]/);
    const off = this.#reader.take("-") ? this.#reader.takeWhile(/[A-Za-z]/) : undefined;
    const end = !this.#reader.isAtEnd ? this.#reader.next() : "";
    const isGood = (end === ":" || end === ")") && off !== "";
    return [isGood ? letters : "?", off, end];
  }

  #repetition(operator: string): void {
    const counts = operator === "{" ? this.#counts() : operator;
    if (counts === undefined) return this.#add("\\{", "item");
    if (this.#preceding === "nothing" || this.#preceding === "position") {
      throw new RegexError(`there is nothing before ${counts} that could be repeated`);
    }
    if (this.#preceding === "repetition") {
      throw new RegexError(
        `a repetition cannot be repeated by ${counts}; write (?:...)${counts}`,
      );
    }
    if (this.#reader.isNext("+")) {
      throw new RegexError(
        `a possessive repetition ${counts}+ is not possible here; write ${counts}`,
      );
    }
    this.#add(counts + (this.#reader.take("?") ? "?" : ""), "repetition");
  }

  /** Translates counts, behind `{`; undefined: the brace is an ordinary character. */
  #counts(): string | undefined {
    const start = this.#reader.at;
    const min = this.#reader.takeWhile(/\d/);
    const hasComma = this.#reader.take(",");
    const max = hasComma ? this.#reader.takeWhile(/\d/) : min;
    if (!this.#reader.take("}") || (min === "" && !hasComma)) {
      this.#reader.at = start;
      return undefined;
    }
    for (const count of [min, max]) {
      if (Number(count) > MAX_REPEAT) {
        throw new RegexError(
          `a count may be at most ${MAX_REPEAT}; write the rest behind it, as in a{${MAX_REPEAT}}a{5}`,
        );
      }
    }
    if (max !== "" && Number(max) < Number(min)) {
      throw new RegexError(`in {${min},${max}} the first count is larger than the second one`);
    }
    return hasComma ? `{${Number(min)},${max && Number(max)}}` : `{${Number(min)}}`;
  }

  /** Translates an escape outside of a class, behind its backslash. */
  #escape(): void {
    const char = this.#reader.nextEscaped();
    const position = POSITIONS[char];
    if (position !== undefined) return this.#add(position, "position");
    if (/[1-9]/.test(char)) {
      const octal = /^[1-3][0-7]{2}$/.test(
        char + this.#reader.ahead(2),
      );
      if (!octal) {
        throw new RegexError(
          `a back-reference \\${char} is not possible here; leave it out and ${INSTEAD}`,
        );
      }
    }
    const member = escapedItem(char, this.#reader);
    if ("code" in member) return this.#add(literal(member.code), "item");
    this.#add(member.text.startsWith("[") ? `[${member.text}]` : member.text, "item");
  }
}
