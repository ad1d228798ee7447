/**
 * What a regex would cost, told from its text before it is compiled: counted repetitions are written
 * out when a regex is compiled, so that a short one may take a second.
 *
 * The estimate is never below the number of instructions, and counts what else takes as long as many
 * of them: Unicode classes, and ranges whose every character is looked at where case is ignored.
 */

/** A Unicode class, in instructions: once for reading it, and for each copy of it. */
const UNICODE_CLASS = 40, UNICODE_CLASS_COPY = 8;

/** Characters of a range in which case is ignored that take as long as an instruction. */
const FOLDED_CHARACTERS = 100;

/** Characters between the first and the last one that has a case. */
const ALL_CHARACTERS = 125_251;

/** What an alternative or a repetition takes beside what is in it, and a group, in instructions. */
const FRAME = 2, GROUP = 3;

/** One piece of a regex; what is none of these is a single character. */
const TOKEN = new RegExp(
  [
    String.raw`\\Q(?<quoted>.*?)(?:\\E|$)`,
    String.raw`(?<unicode>\\[pP](?:\{[^}]*\}|.))`,
    String.raw`\\x\{[^}]*\}|\\.`,
    String.raw`\[(?<class>\^?\]?(?:\[:\^?\w{1,10}:\]|\\.|[^\]\\])*)\]`,
    String.raw`(?<flags>\(\?[a-zA-Z-]*\))`,
    String.raw`(?<open>\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:))?)`,
    String.raw`(?<close>\))`,
    String.raw`\{(?<min>\d+)(?:,(?<max>\d*))?\}`,
    String.raw`(?<operator>[*+?])`,
    String.raw`(?<or>\|)`,
    ".",
  ].join("|"),
  "suy",
);

/** An end of a range in a class: a character, or how else one is written. */
const END = String.raw`\\x\{[^}]*\}|\\x[0-9a-fA-F]{2}|\\[0-7]{1,3}|\\.|.`;

/** An item of a class: one of several characters by its name, a range, or a character. */
const ITEM = new RegExp(
  String.raw`\[:\^?\w+:\]|\\[pP](?:\{[^}]*\}|.)|\\[dDsSwW]|(?<first>${END})(?:-(?<last>${END}))?`,
  "gsu",
);

/**
 * Estimates a regex's cost in instructions.
 *
 * @param regex a valid one; of others the estimate means nothing
 */
export function regexCost(regex: string): number {
  const ignoresCase = /\(\?[a-zA-Z]*i/.test(regex);
  /** What is paid once, however often it is repeated. */
  let once = 0;
  /** Instructions of the groups that are open, the outermost first; and of their last piece. */
  const groups: number[] = [];
  let group = GROUP, last = 0;
  TOKEN.lastIndex = 0;
  for (;;) {
    const token = TOKEN.exec(regex);
    // A bracket alone is a class without an end: whatever follows, the regex is not valid.
    if (token === null || token[0] === "[") break;
    const { quoted, unicode, class: items, flags, open, close, min, max, operator, or } =
      token.groups ?? {};
    // Nothing at all: a repetition behind it means what stands before it.
    if (flags !== undefined || quoted === "") continue;
    if (operator !== undefined || min !== undefined) {
      const times = Math.max(1, Number(min ?? 1), Number(max ?? 0));
      // One that is there so many times exactly is written out, and nothing more.
      const optional = operator !== undefined || token[0].includes(",")
        ? FRAME + Number(max ?? 0)
        : 0;
      const repeated = last * times + optional;
      group += repeated - last;
      last = repeated;
      continue;
    }
    if (open !== undefined) {
      groups.push(group);
      group = GROUP;
      last = 0;
      continue;
    }
    if (close !== undefined) {
      last = group;
      group += groups.pop() ?? 0;
      continue;
    }
    last = or === undefined ? 1 : FRAME;
    if (quoted !== undefined) {
      group += quoted.length; // of which a repetition right behind it means the last character
    } else if (unicode !== undefined) {
      once += UNICODE_CLASS;
      last = UNICODE_CLASS_COPY;
    } else if (items !== undefined) {
      const unicodeClasses = items.split(/\\[pP]/).length - 1;
      once += unicodeClasses * UNICODE_CLASS + (ignoresCase ? foldingCost(items) : 0);
      last += unicodeClasses * UNICODE_CLASS_COPY;
    }
    group += last;
  }
  return once + groups.reduce((sum, outer) => sum + outer, group);
}

/** What the ranges of a class take where case is ignored. */
function foldingCost(items: string): number {
  let characters = 0;
  for (const { groups } of items.replace(/^\^/, "").matchAll(ITEM)) {
    const { first, last } = groups ?? {};
    if (first === undefined || last === undefined) continue;
    const count = codeOf(last) - codeOf(first);
    // What cannot be read, or is no range, counts as the largest one.
    characters += count >= 0 ? Math.min(count, ALL_CHARACTERS) : ALL_CHARACTERS;
  }
  return Math.ceil(characters / FOLDED_CHARACTERS);
}

/** The code of an end of a range; NaN where it is written in another way than as itself or in hexadecimal. */
function codeOf(end: string): number {
  const [, hex = ""] = /^\\x\{?([0-9a-fA-F]+)\}?$/.exec(end) ?? [];
  if (end.startsWith("\\")) return parseInt(hex, 16);
  return end.codePointAt(0) ?? NaN;
}
