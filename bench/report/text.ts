/** Figures and tables of plain text. */
import { columns } from "../../lib/terminal/columns.ts";
import { wrap } from "../../lib/terminal/wrap.ts";
import { percent } from "../harness/tables.ts";

/** The width of the report, in characters. */
const WIDTH = 100;

/** Three digits at least, and commas: `12,345`, `159`, `4.25`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return rounded.toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/** Milliseconds with three decimals. */
export function milliseconds(ms: number): string {
  return Number.isFinite(ms) ? ms.toFixed(3) : "-";
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
export function count(number: number, noun: string): string {
  return `${figure(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** Breaks a paragraph into lines, between words. */
export function wrapped(paragraph: string): string {
  return wrap(paragraph.trim().replace(/\s+/g, " "), WIDTH);
}

/**
 * A table under a heading.
 *
 * @param heading starts with its number, as in `[T1] ...`
 * @param words the number of columns with words; the others have figures
 */
export function table(heading: string, rows: readonly (readonly string[])[], words = 1): string {
  return `${wrapped(heading)}\n\n${columns(rows, new Set(rows[0]?.keys().drop(words)))}`;
}
