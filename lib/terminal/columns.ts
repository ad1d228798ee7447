/** Aligned columns of text for a terminal. */
import { plainLine } from "../base/quote.ts";

/**
 * Aligns rows. Escapes control characters, because cells may have text of unknown origin.
 *
 * @param rows the first one is the heading
 * @param numbers columns of numbers, counted from 0, which are aligned to the right
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
