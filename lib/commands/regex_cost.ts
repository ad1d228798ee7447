/**
 * The estimated cost of a regex, from its text, before it is compiled. The compiler copies the body of a
 * counted repetition, so a short regex may take a second to compile.
 *
 * The estimate is at least the number of instructions. Unicode classes, and ranges that ignore case,
 * take longer to compile than their instructions. Their cost is higher for that.
 */

/** Cost of a Unicode class in the text, and of each copy that a repetition makes, in instructions. */
const UNICODE_CLASS = 40, UNICODE_CLASS_COPY = 8;

/** Number of characters in a range that cost one instruction, if case is ignored. */
const FOLDED_CHARACTERS = 100;

/** Length of the range from the first letter with two cases to the last one. */
const ALL_CHARACTERS = 125_251;

/** Instructions that an alternative or a repetition, and a group, adds to those of its body. */
const FRAME = 2, GROUP = 3;

/** One token of a regex. The last alternative is a single character. */
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

/** An end of a range in a class: a character or its escape. */
const END = String.raw`\\x\{[^}]*\}|\\x[0-9a-fA-F]{2}|\\[0-7]{1,3}|\\.|.`;

/** An item of a class: a named class, a range, or a character. */
const ITEM = new RegExp(
  String.raw`\[:\^?\w+:\]|\\[pP](?:\{[^}]*\}|.)|\\[dDsSwW]|(?<first>${END})(?:-(?<last>${END}))?`,
  "gsu",
);

/**
 * Estimates a regex's cost in instructions.
 *
 * @param regex in RE2's syntax; the estimate of an invalid one has no meaning
 */
export function regexCost(regex: string): number {
  const ignoresCase = /\(\?[a-zA-Z]*i/.test(regex);
  /** Cost that repetitions do not multiply. */
  let once = 0;
  /** Instructions of the open groups, the outermost first. */
  const groups: number[] = [];
  let group = GROUP, last = 0;
  TOKEN.lastIndex = 0;
  for (;;) {
    const token = TOKEN.exec(regex);
    // A bracket alone is a class without an end, so the regex is not valid.
    if (token === null || token[0] === "[") break;
    const { quoted, unicode, class: items, flags, open, close, min, max, operator, or } =
      token.groups ?? {};
    // Flags and empty quotes have no instructions. A repetition behind them repeats the token before them.
    if (flags !== undefined || quoted === "") continue;
    if (operator !== undefined || min !== undefined) {
      const times = Math.max(1, Number(min ?? 1), Number(max ?? 0));
      // An exact count only copies the body.
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
      group += quoted.length; // A repetition behind it repeats the last character.
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

/** Cost of a class's ranges if case is ignored, in instructions. */
function foldingCost(items: string): number {
  let characters = 0;
  for (const { groups } of items.replace(/^\^/, "").matchAll(ITEM)) {
    const { first, last } = groups ?? {};
    if (first === undefined || last === undefined) continue;
    const count = codeOf(last) - codeOf(first);
    // A range of unknown length costs as much as the longest one.
    characters += count >= 0 ? Math.min(count, ALL_CHARACTERS) : ALL_CHARACTERS;
  }
  return Math.ceil(characters / FOLDED_CHARACTERS);
}

/** Returns the character code of one end of a range; NaN if its escape is not hexadecimal. */
function codeOf(end: string): number {
  const [, hex = ""] = /^\\x\{?([0-9a-fA-F]+)\}?$/.exec(end) ?? [];
  if (end.startsWith("\\")) return parseInt(hex, 16);
  return end.codePointAt(0) ?? NaN;
}
