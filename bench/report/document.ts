/** The report: prose that stays, and between marks what is made from the data. */
import { type Marks, partNames, withPart } from "../harness/generated_sections.ts";
import type { Findings } from "./report_data.ts";
import * as sentences from "./sentences.ts";
import { siteTable } from "./site_table.ts";
import * as tables from "./tables.ts";
import { bullets } from "./text.ts";

/** Marks of plain text, each on a line of its own. */
export const PLAIN_MARKS: Marks = {
  begin: (name) => `--- measured: ${name} ---`,
  end: (name) => `--- end: ${name} ---`,
};

/** What is between the marks of each name. */
const PARTS: Readonly<Record<string, (findings: Findings) => string>> = {
  "summary": (findings) => bullets(sentences.summary(findings)),
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
  "what levels out": (findings) => bullets(sentences.levels(findings)),
  "clients": tables.clientsTable,
  "what one client gets": (findings) => bullets(sentences.singleClients(findings)),
  "operations": tables.operationsTable,
  "how operations differ": (findings) => bullets(sentences.operations(findings)),
  "durable by memory": tables.durableTable,
  "what durable costs": (findings) => bullets(sentences.durability(findings)),
  "processors": tables.processorsTable,
  "what limits": (findings) => bullets(sentences.limits(findings)),
  "system calls": tables.systemCallsTable,
  "what a request calls": (findings) => bullets(sentences.systemCalls(findings)),
  "syncs": tables.syncsTable,
  "what a sync takes": (findings) => bullets(sentences.syncs(findings)),
  "two hosts by one": tables.twoHostsTable,
  "what two hosts change": (findings) => bullets(sentences.twoHosts(findings)),
  "course": tables.courseTable,
  "beside the course": (findings) => bullets(sentences.course(findings)),
  "advice": (findings) => bullets(sentences.advice(findings)),
};

/**
 * Fills the report from the data.
 *
 * @param document the report as it was
 * @returns it with all parts made anew; the prose around them is the same
 * @throws {Error} where a part has no marks, or marks have no part
 */
export function filledReport(document: string, findings: Findings): string {
  const unknown = partNames(document, PLAIN_MARKS).find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined) {
    throw new Error(`REPORT has marks of "${unknown}", and nothing that is measured has that name`);
  }
  let filled = document;
  for (const [name, contentOf] of Object.entries(PARTS)) {
    const content = contentOf(findings) || "(nothing to say)";
    filled = withPart(filled, name, content, PLAIN_MARKS);
  }
  return filled;
}
