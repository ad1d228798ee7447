/** Figures and tables of plain text. */
import { columns } from "../../lib/terminal/columns.ts";
import { wrap } from "../../lib/base/wrap.ts";
import { percent } from "../harness/tables.ts";

/** The width of the report, in characters. */
export const WIDTH = 80;

/** The lines of a table under its first one begin with this. No line of the text around it does. */
const INDENT = "  ";

/** Three digits at least, and commas: `12,345`, `159`, `4.25`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return rounded.toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/** Whole operations a second from 100, as `12,345`; else three digits. */
export function range(low: number, high: number): string {
  return low === high ? figure(low) : `${figure(low)}..${figure(high)}`;
}

/** Milliseconds, short: `0.12`, `36.5`, `168`. */
export function milliseconds(ms: number): string {
  if (!Number.isFinite(ms)) return "-";
  return ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0);
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

/** A table with its heading, which is a sentence about the columns. */
export interface ReportTable {
  readonly heading: string;
  /** The names of the columns, and the rows. Without any, `why` says why. */
  readonly rows: readonly (readonly string[])[];
  /** Columns with words, from the left; the others have figures (default: 1). */
  readonly words?: number;
  /** Why there is no measurement. */
  readonly why?: string;
}

/** The lines of a table; all but the first are indented. */
export function tableText(name: string, { heading, rows, words = 1, why }: ReportTable): string {
  const [first = "", ...others] = linesOf(`${name} ${heading}`);
  const body = why === undefined
    ? columns(rows, new Set(rows[0]?.keys().drop(words))).split("\n")
    : linesOf(`not measured: ${why}`);
  return `${[first, ...[...others, ...body].map((line) => INDENT + line)].join("\n")}\n`;
}

/** Breaks a paragraph into lines that leave room for the indentation. */
function linesOf(paragraph: string): string[] {
  return wrap(paragraph, WIDTH - INDENT.length).split("\n");
}
