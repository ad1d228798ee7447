/** The tables of REPORT. The text around them is written by hand. */
import { type Marks, sectionNames, withSection } from "../harness/generated_sections.ts";
import type { Findings } from "./report_data.ts";
import { siteTable } from "./site_table.ts";
import * as tables from "./tables.ts";

/** Marks of plain text, each on a line of its own. */
export const PLAIN_MARKS: Marks = {
  begin: (name) => `--- measured: ${name} ---`,
  end: (name) => `--- end: ${name} ---`,
};

/** The content of each section. */
const SECTIONS: Readonly<Record<string, (findings: Findings) => string>> = {
  "site": siteTable,
  "insert in memory": (findings) => tables.rawTables(findings, "memory", "insert"),
  "lookup in memory": (findings) => tables.rawTables(findings, "memory", "lookup"),
  "scan in memory": (findings) => tables.rawTables(findings, "memory", "scan"),
  "remove in memory": (findings) => tables.rawTables(findings, "memory", "remove"),
  "insert durable": (findings) => tables.rawTables(findings, "durable", "insert"),
  "lookup durable": (findings) => tables.rawTables(findings, "durable", "lookup"),
  "scan durable": (findings) => tables.rawTables(findings, "durable", "scan"),
  "remove durable": (findings) => tables.rawTables(findings, "durable", "remove"),
  "insert on two hosts": (findings) => tables.rawTables(findings, "two-hosts-memory", "insert"),
  "lookup on two hosts": (findings) => tables.rawTables(findings, "two-hosts-memory", "lookup"),
  "levels": tables.levelsTable,
  "clients": tables.clientsTable,
  "operations": tables.operationsTable,
  "durable by memory": tables.durableTable,
  "processors": tables.processorsTable,
  "system calls": tables.systemCallsTable,
  "syncs": tables.syncsTable,
  "two hosts by one": tables.twoHostsTable,
  "course": tables.courseTable,
};

/**
 * Fills the sections of a report.
 *
 * @param document the report so far
 * @throws {Error} if a section has no marks, or marks have an unknown name
 */
export function fillReport(document: string, findings: Findings): string {
  const unknown = sectionNames(document, PLAIN_MARKS).find((name) =>
    !Object.hasOwn(SECTIONS, name)
  );
  if (unknown !== undefined) throw new Error(`REPORT has marks of an unknown section "${unknown}"`);
  return Object.entries(SECTIONS).reduce(
    (filled, [name, contentOf]) => withSection(filled, name, contentOf(findings), PLAIN_MARKS),
    document,
  );
}
