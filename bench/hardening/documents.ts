/** The figures in docs/HARDENING.md, and the raw data beside it. */
import { withPart } from "../harness/generated_sections.ts";
import { machineText, thisMachine } from "../harness/machine.ts";
import { HEADINGS, type Judged, megabytes, rowOf } from "./judgement.ts";

const DOCS = new URL("../../docs/", import.meta.url).pathname;
const DOCUMENT = `${DOCS}HARDENING.md`;
const RAW = `${DOCS}data/hardening/hostile.json`;

/** Columns of the first table, of those that `rowOf` gives: the second one has the others. */
const NOTICED = [0, 2, 3, 4, 5, 6, 7, 8, 9];
const MEMORY = [0, 10, 11, 12, 13];

/** Rewrites the tables and the raw data. @param outcomes of all scenarios, from one run */
export async function writeDocuments(outcomes: readonly Judged[]): Promise<void> {
  const here = await thisMachine();
  // The runtime and its engine; nothing else takes part.
  const machine = { ...here, versions: here.versions.slice(0, 2) };
  let document = Deno.readTextFileSync(DOCUMENT);
  document = withPart(document, "machine", machineText(machine));
  document = withPart(document, "sent", sentOf(outcomes));
  document = withPart(document, "noticed", table(outcomes, NOTICED));
  document = withPart(document, "memory", table(outcomes, MEMORY));
  document = withPart(document, "slow readers", slowReadersOf(outcomes));
  document = withPart(document, "missed", missedOf(outcomes));
  Deno.writeTextFileSync(DOCUMENT, document);
  Deno.mkdirSync(new URL(".", `file://${RAW}`), { recursive: true });
  Deno.writeTextFileSync(RAW, JSON.stringify({ machine, outcomes }) + "\n");
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", DOCUMENT, RAW] }).output();
}

function table(outcomes: readonly Judged[], which: readonly number[]): string {
  const cells = (row: readonly string[]) => which.map((at) => row[at] ?? "");
  return markdown([cells(HEADINGS), ...outcomes.map((outcome) => cells(rowOf(outcome)))]);
}

function sentOf(outcomes: readonly Judged[]): string {
  const rows = outcomes.map((outcome) => [outcome.scenario, outcome.what, rowOf(outcome)[1] ?? ""]);
  return markdown([["scenario", "what is done", "what was sent, counted"], ...rows]);
}

function missedOf(outcomes: readonly Judged[]): string {
  const missed = outcomes.flatMap(({ scenario, verdicts }) =>
    verdicts.filter(({ isMet }) => !isMet).map(({ what }) => `- **${scenario}**: ${what}`)
  );
  return missed.length === 0 ? "Every promise was kept in every scenario." : missed.join("\n");
}

function slowReadersOf(outcomes: readonly Judged[]): string {
  const rows = outcomes.flatMap(({ scenario, memory, verdicts }) => {
    const verdict = verdicts.find(({ what }) => what.startsWith("costs"));
    if (verdict === undefined) return [];
    const { prepared, peak } = memory;
    return [[scenario, megabytes(prepared), megabytes(peak), verdict.what, kept(verdict.isMet)]];
  });
  return markdown([["scenario", "before, MB", "peak, MB", "cost", "verdict"], ...rows]);
}

function kept(isMet: boolean): string {
  return isMet ? "kept" : "MISSED";
}

function markdown([headings = [], ...rows]: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
