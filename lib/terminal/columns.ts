/** Aligned columns of text for a terminal. */
import { plainLine } from "../base/quote.ts";

/**
 * Aligns the cells of a table. Escapes control characters, because other programs may have sent the text.
 *
 * @param rows the heading, then the other rows
 * @param numbers indexes of the columns that are aligned to the right, from 0 (default: none)
 */
export function columns(
  rows: readonly (readonly string[])[],
  numbers: ReadonlySet<number> = new Set(),
): string {
  const shown = rows.map((row) => row.map((cell) => plainLine(cell)));
  const widths = shown.reduce<number[]>(
    (longest, row) => row.map((cell, at) => Math.max(cell.length, longest[at] ?? 0)),
    [],
  );
  const aligned = (cell: string, at: number) =>
    numbers.has(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
  return shown.map((row) => row.map(aligned).join("  ").trimEnd()).join("\n");
}
