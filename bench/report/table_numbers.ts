/** The numbers under which the report's tables are cited, so that no sentence cites a wrong one. */
import type { Operation } from "../../lib/perf/workload/operation.ts";
import { type PartName, PARTS } from "./report_data.ts";

/** Tables that are not about one operation of one part; by what they are about. */
export const TABLES = {
  site: "[T1]",
  levels: "[T12]",
  clients: "[T13]",
  operations: "[T14]",
  durable: "[T15]",
  processors: "[T16]",
  systemCalls: "[T17]",
  syncs: "[T18]",
  twoHosts: "[T19]",
  course: "[T20]",
} as const;

/** Raw data, by part and operation. */
const RAW: Readonly<Partial<Record<PartName, Readonly<Partial<Record<Operation, string>>>>>> = {
  "memory": { insert: "[T2]", lookup: "[T3]", scan: "[T4]", remove: "[T5]" },
  "durable": { insert: "[T6]", lookup: "[T7]", scan: "[T8]", remove: "[T9]" },
  "two-hosts-memory": { insert: "[T10]", lookup: "[T11]" },
};

/** What a table of raw data is about, with its number: `insert, durable [T6]`; the report has not all. */
export function citedTitle(part: PartName, operation: Operation): string {
  return `${operation}, ${PARTS[part].title} ${rawTable(part, operation)}`.trimEnd();
}

/** The number of a table of raw data; empty where the report has none. */
export function rawTable(part: PartName, operation: Operation): string {
  return RAW[part]?.[operation] ?? "";
}
