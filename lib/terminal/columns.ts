/** Rows of text as aligned columns for a terminal. */
import { plainLine } from "../base/quote.ts";

/**
 * Aligns rows.
 *
 * Cells may hold what strangers wrote.
 *
 * @param rows the first one is the heading
 * @param numbers columns that hold numbers, aligned to the right (from 0)
 */
export function columns(
  rows: readonly (readonly string[])[],
  numbers: ReadonlySet<number> = new Set(),
): string {
  const shown = rows.map((row) => row.map((cell) => plainLine(cell)));
  const widths = shown.reduce<number[]>(
    (most, row) => row.map((cell, at) => Math.max(cell.length, most[at] ?? 0)),
    [],
  );
  const aligned = (cell: string, at: number) =>
    numbers.has(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
  return shown.map((row) => row.map(aligned).join("  ").trimEnd()).join("\n");
}
