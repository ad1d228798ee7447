/** The figures of docs/DURABILITY.md, and the raw data. */
import { writeSections } from "../harness/generated_sections.ts";
import { TOP } from "../harness/program.ts";
import type { Answer } from "../harness/summary.ts";
import { asMarkdown } from "../harness/tables.ts";

const RAW = `${TOP}docs/data/durability.json`;

/**
 * Rewrites the figures of these questions. The others stay.
 *
 * @param answers by the names of the questions
 */
export async function writeDocuments(answers: Readonly<Record<string, Answer>>): Promise<void> {
  const sections = Object.entries(answers).map(([name, answer]) => [name, sectionOf(answer)]);
  await writeSections(`${TOP}docs/DURABILITY.md`, Object.fromEntries(sections));
  const raw = { ...JSON.parse(await Deno.readTextFile(RAW)), ...answers };
  await Deno.writeTextFile(RAW, JSON.stringify(raw, undefined, 1) + "\n");
}

function sectionOf({ columns, rows, verdicts }: Answer): string {
  const table = asMarkdown({ heading: columns, rows, words: columns.length });
  const judged = verdicts.map(({ target, measured, isMet }) =>
    `- ${target}: ${measured}, ${isMet ? "met" : "**missed**"}`
  );
  return [table, ...(judged.length > 0 ? ["", ...judged] : [])].join("\n");
}
