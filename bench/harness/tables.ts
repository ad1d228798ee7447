/** Tables and figures as text, for a terminal and for Markdown. */
import { columns } from "../../lib/terminal/columns.ts";

/** Rows of cells. The first `words` columns hold words, the others figures. */
export interface Table {
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly words: number;
}

/** The table with aligned columns, for a terminal. */
export function asText({ heading, rows, words }: Table): string {
  return columns([heading, ...rows], new Set(heading.keys().drop(words)));
}

/** The table as Markdown; `deno fmt` aligns it. */
export function asMarkdown({ heading, rows, words }: Table): string {
  const line = heading.map((_, at) => at < words ? "---" : "---:");
  return [heading, line, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** A share as `35%`. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)}%` : "-";
}

/** A count with commas, as in `10,000`. */
export function withCommas(count: number): string {
  return count.toLocaleString("en-US");
}
