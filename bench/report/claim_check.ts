/**
 * The check of the claims of REPORT: each figure in its text belongs to a claim, which quotes the words
 * with the figure, and says how to compute it from the data and how far off it may be. So the text
 * cannot go stale unseen.
 */
import { messageOf } from "../../lib/base/errors.ts";
import type { Figures } from "./figures.ts";
import { figure } from "./text.ts";

/** How the quoted figure bounds the measured one. `near` is the allowed distance, as a share of it. */
export type Rule = "at least" | "at most" | "between" | { readonly near: number };

/** A claim of the text. */
export interface Claim {
  /**
   * The words of REPORT, with one figure; with two, from low to high, if the rule is `between`. If the
   * words have further figures, the claimed ones are in braces: `12 clients get {4} times as much`.
   */
  readonly text: string;
  readonly rule: Rule;
  /** The measured figure. */
  readonly measured: (figures: Figures) => number;
}

/** The result of a check. */
export interface CheckedClaim {
  readonly holds: boolean;
  /** A line for a person, with both figures. */
  readonly line: string;
}

/** Words that mean figures. "one" and "two" are left out, because they are mostly not figures. */
const WORDS: Readonly<Record<string, number>> = {
  half: 0.5,
  third: 1 / 3,
  quarter: 0.25,
  twice: 2,
  double: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
};

/** A figure in a text: `12,345`, `0.5`, `35%`, or a word. The names of tables are none. */
const FIGURE = new RegExp(
  String.raw`(?<![\w.[])\d+(?:,\d{3})*(?:\.\d+)?%?|\b(?:${Object.keys(WORDS).join("|")})\b`,
  "gi",
);

/** The figures in a text. */
export function figuresIn(text: string): number[] {
  return [...text.matchAll(FIGURE)].map(([figure]) => valueOf(figure));
}

function valueOf(figure: string): number {
  const word = WORDS[figure.toLowerCase()];
  if (word !== undefined) return word;
  const value = Number(figure.replace("%", "").replaceAll(",", ""));
  return figure.endsWith("%") ? value / 100 : value;
}

/** The words of a claim, as they are in the text. */
function wordsOf({ text }: Claim): string {
  return text.replaceAll(/[{}]/g, "");
}

/** Checks a claim against the data. */
export function checkClaim(claim: Claim, data: Figures): CheckedClaim {
  const { text, rule, measured } = claim;
  const inBraces = [...text.matchAll(/\{(.*?)\}/g)].map(([, figure]) => figure);
  const claimed = figuresIn(inBraces.length > 0 ? inBraces.join(" ") : text);
  const bounds = boundsOf(rule, claimed);
  const words = wordsOf(claim);
  if (bounds === undefined) {
    return { holds: false, line: `not a claim: "${words}" has ${claimed.length} figures` };
  }
  const asked = `${typeof rule === "string" ? rule : `near`} ${claimed.map(figure).join(" and ")}`;
  try {
    const value = measured(data);
    const holds = value >= bounds.low && value <= bounds.high;
    const line = `"${words}": measured ${figure(value)}, ${asked}`;
    return { holds, line: `${holds ? "holds" : "no longer holds"}: ${line}` };
  } catch (error) {
    return { holds: false, line: `no longer holds: "${words}": ${messageOf(error)}` };
  }
}

function boundsOf(rule: Rule, [one, other, ...more]: readonly number[]) {
  if (one === undefined || more.length > 0 || (other !== undefined) !== (rule === "between")) {
    return undefined;
  }
  switch (rule) {
    case "at least":
      return { low: one, high: Infinity };
    case "at most":
      return { low: -Infinity, high: one };
    case "between":
      return { low: one, high: other ?? NaN };
    default:
      return { low: one * (1 - rule.near), high: one * (1 + rule.near) };
  }
}

/**
 * Finds what the claims and the text do not have in common: claims that are not in the text, and
 * figures of the text that are in no claim.
 *
 * @param prose the text without its tables
 * @param constants words with figures that are not measured
 * @returns a sentence for each
 */
export function uncheckedText(
  prose: string,
  claims: readonly Claim[],
  constants: readonly string[],
): string[] {
  const text = prose.replaceAll(/\s+/g, " ");
  const problems: string[] = [];
  const quoted: { from: number; to: number }[] = [];
  for (const words of [...claims.map(wordsOf), ...constants]) {
    const places = placesOf(words, text);
    if (places.length === 0) problems.push(`REPORT does not say "${words}"`);
    quoted.push(...places);
  }
  for (const { 0: figure, index } of text.matchAll(FIGURE)) {
    const end = index + figure.length;
    if (quoted.some(({ from, to }) => from <= index && end <= to)) continue;
    const around = text.slice(Math.max(0, index - 30), end + 30).trim();
    problems.push(`"${figure}" of REPORT is in no claim: "... ${around} ..."`);
  }
  return problems;
}

function placesOf(words: string, text: string): { from: number; to: number }[] {
  const places: { from: number; to: number }[] = [];
  for (let from = text.indexOf(words); from >= 0; from = text.indexOf(words, from + 1)) {
    places.push({ from, to: from + words.length });
  }
  return places;
}
