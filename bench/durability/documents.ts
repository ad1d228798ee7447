/** The figures in docs/DURABILITY.md, and the raw data beside it. */
import { withPart } from "../harness/generated_sections.ts";
import type { Answered } from "../harness/summary.ts";

const DOCS = new URL("../../docs/", import.meta.url).pathname;
const DOCUMENT = `${DOCS}DURABILITY.md`;
const RAW = `${DOCS}data/durability.json`;

/**
 * Rewrites the figures of the questions that were asked; those of the others stay.
 *
 * @param answers by the names of the questions
 */
export async function writeDocuments(answers: Readonly<Record<string, Answered>>): Promise<void> {
  let document = Deno.readTextFileSync(DOCUMENT);
  for (const [name, answer] of Object.entries(answers)) {
    document = withPart(document, name, asMarkdown(answer));
  }
  Deno.writeTextFileSync(DOCUMENT, document);
  const raw = { ...JSON.parse(Deno.readTextFileSync(RAW)), ...answers };
  Deno.writeTextFileSync(RAW, JSON.stringify(raw) + "\n");
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", DOCUMENT, RAW] }).output();
}

function asMarkdown({ columns, rows, verdicts }: Answered): string {
  const lines = [columns, columns.map(() => "---"), ...rows].map((cells) =>
    `| ${cells.join(" | ")} |`
  );
  const judged = verdicts.map(({ target, measured, isMet }) =>
    `- ${target}: ${measured}, ${isMet ? "met" : "**missed**"}`
  );
  return [...lines, ...(judged.length > 0 ? ["", ...judged] : [])].join("\n");
}
