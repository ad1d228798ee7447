/**
 * The tables of REPORT: each has a line that begins with `[T1]`, `[T2]`, ... and indented lines up to
 * the next empty one. The text around them is written by hand. So REPORT needs no marks.
 */
import type { Findings } from "./report_data.ts";
import { siteTable } from "./site_table.ts";
import * as tables from "./tables.ts";
import { type ReportTable, tableText } from "./text.ts";

/** The tables, in the order of their numbers. */
const TABLES: readonly ((findings: Findings) => ReportTable)[] = [
  siteTable,
  (findings) => tables.rawTable(findings, "memory"),
  (findings) => tables.rawTable(findings, "durable"),
  (findings) => tables.rawTable(findings, "two-hosts-memory"),
  tables.levelsTable,
  tables.processorsTable,
  tables.placementsTable,
  tables.systemCallsTable,
  tables.syncsTable,
  tables.courseTable,
];

/** A table in a document: its first line, and all indented lines after it. */
const TABLE = /^(\[T\d+\]) .*\n(?: {2}.*\n)*/gm;

/**
 * Replaces the tables of a report.
 *
 * @param document the report so far
 * @throws {Error} unless it has each table once
 */
export function fillReport(document: string, findings: Findings): string {
  const there = [...document.matchAll(TABLE)].map(([, name]) => name);
  const known = TABLES.map((_, at) => `[T${at + 1}]`);
  if (there.toSorted().join() !== known.toSorted().join()) {
    throw new Error(`REPORT must have the tables ${known.join(" ")}, and has ${there.join(" ")}`);
  }
  return document.replace(TABLE, (_, name: string) => {
    const table = TABLES[known.indexOf(name)];
    return table === undefined ? "" : tableText(name, table(findings));
  });
}

/** The text of a report without its tables. */
export function proseOf(document: string): string {
  return document.replace(TABLE, "");
}
