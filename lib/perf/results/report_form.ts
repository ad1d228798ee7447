/** The form of a report, which depends on the flags and on the terminal. */
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { MIN_COLUMNS, type Terminal } from "../../terminal/terminal.ts";

/** The part of a terminal that shows a report. */
export type ReportTerminal = Pick<Terminal, "hasStdout" | "isSmart" | "columns">;

/** Maximum characters per line of a block: longer sentences are hard to read. */
const MAX_COLUMNS = 120;

/** A block for people on a terminal, lines for scripts (`quiet`: only the results), or one JSON object. */
export type ReportForm = "block" | "lines" | "quiet lines" | "json";

/** Returns the form of a report. */
export function reportForm(
  { json, quiet }: Pick<TestPerfConfig, "json" | "quiet">,
  { hasStdout }: Pick<ReportTerminal, "hasStdout">,
): ReportForm {
  if (json) return "json";
  return quiet ? "quiet lines" : hasStdout ? "block" : "lines";
}

/** Returns the characters per line of a block: those of the terminal, but at least 80. */
export function blockWidth({ columns }: Pick<ReportTerminal, "columns">): number {
  return Math.min(Math.max(columns(), MIN_COLUMNS), MAX_COLUMNS);
}
