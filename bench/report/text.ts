/** Figures and paragraphs of plain text. */
import { columns } from "../../lib/terminal/columns.ts";

/** Columns of the report. */
export const WIDTH = 100;

/** Thousands with commas; three digits where there are fewer: `12,345`, `159`, `4.25`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return rounded.toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/** Milliseconds with three decimals. */
export function milliseconds(ms: number): string {
  return Number.isFinite(ms) ? ms.toFixed(3) : "-";
}

/** A share as `35%`. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)}%` : "-";
}

/** A gain as `+35%`. */
export function gain(share: number): string {
  return share >= 0 ? `+${percent(share)}` : percent(share);
}

/** A ratio as `0.85x`. */
export function times(ratio: number): string {
  if (!Number.isFinite(ratio)) return "-";
  return `${ratio >= 10 ? figure(ratio) : ratio.toFixed(2)}x`;
}

/** `1 client`, `3 clients`. */
export function counted(count: number, what: string, many = `${what}s`): string {
  return `${figure(count)} ${count === 1 ? what : many}`;
}

/** With a large first letter. */
export function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

/**
 * Breaks a paragraph into lines.
 *
 * @param first what the first line begins with; the others are indented by as much
 */
export function wrapped(paragraph: string, first = ""): string {
  const indent = " ".repeat(first.length);
  const lines = [first];
  let isEmpty = true;
  for (const word of paragraph.split(/\s+/).filter((one) => one !== "")) {
    const line = lines.at(-1) ?? "";
    const longer = isEmpty ? line + word : `${line} ${word}`;
    if (longer.length > WIDTH && !isEmpty) lines.push(indent + word);
    else lines[lines.length - 1] = longer;
    isEmpty = false;
  }
  return lines.join("\n");
}

/** Sentences as a list with dashes. */
export function bullets(sentences: readonly string[]): string {
  return sentences.map((sentence) => wrapped(sentence, "- ")).join("\n");
}

/**
 * A table under a heading.
 *
 * @param heading starts with its number, as in `[T1] ...`
 * @param words how many columns hold words; the others hold figures
 */
export function table(heading: string, rows: readonly (readonly string[])[], words = 1): string {
  const [first] = rows;
  const numbers = new Set(first?.keys().drop(words));
  return `${wrapped(heading)}\n\n${columns(rows, numbers)}`;
}
