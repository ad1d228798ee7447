/** The figures of docs/HARDENING.md, and the raw data. */
import { writeSections } from "../harness/generated_sections.ts";
import { type Machine, machineText, readMachine } from "../harness/machine.ts";
import { TOP } from "../harness/program.ts";
import { asMarkdown } from "../harness/tables.ts";
import { scenarioNamed } from "./attacks/scenarios.ts";
import { HEADINGS, type JudgedOutcome, megabytes, rowOf } from "./judgement.ts";

const RAW = `${TOP}docs/data/hardening/hostile.json`;

/** The columns of `rowOf` in the first table, and in the second one. */
const CLIENT_COLUMNS = [0, 2, 3, 4, 5, 6, 7, 8, 9];
const MEMORY_COLUMNS = [0, 10, 11, 12, 13];

/** The raw data of a run. */
interface Findings {
  readonly machine: Machine;
  /** Of all scenarios. */
  readonly outcomes: readonly JudgedOutcome[];
}

/** Writes the raw data. @param outcomes of all scenarios, from one run */
export async function writeRaw(outcomes: readonly JudgedOutcome[]): Promise<void> {
  const { versions, ...here } = await readMachine();
  // Of the programs, an attack uses only the runtime and its engine.
  const machine = { ...here, versions: versions.slice(0, 2) };
  await Deno.writeTextFile(RAW, JSON.stringify({ machine, outcomes }) + "\n");
}

/** Rewrites the tables of the document from the raw data. */
export async function writeDocument(): Promise<void> {
  const { machine, outcomes }: Findings = JSON.parse(await Deno.readTextFile(RAW));
  await writeSections(`${TOP}docs/HARDENING.md`, {
    "machine": machineText(machine),
    "sent": sentTable(outcomes),
    "noticed": table(outcomes, CLIENT_COLUMNS),
    "memory": table(outcomes, MEMORY_COLUMNS),
    "slow readers": slowReaderTable(outcomes),
    "missed": missedList(outcomes),
  });
}

function table(outcomes: readonly JudgedOutcome[], which: readonly number[]): string {
  const cells = (row: readonly string[]) => which.map((at) => row[at] ?? "");
  return markdown(cells(HEADINGS), outcomes.map((outcome) => cells(rowOf(outcome))));
}

function sentTable(outcomes: readonly JudgedOutcome[]): string {
  const rows = outcomes.map((outcome) => [
    outcome.scenario,
    scenarioNamed(outcome.scenario).what,
    rowOf(outcome)[1] ?? "",
  ]);
  return markdown(["scenario", "attack", "sent and received"], rows);
}

function missedList(outcomes: readonly JudgedOutcome[]): string {
  const missed = outcomes.flatMap(({ scenario, verdicts }) =>
    verdicts.filter(({ isMet }) => !isMet).map(({ what }) => `- **${scenario}**: ${what}`)
  );
  return missed.length === 0 ? "None: every scenario kept every promise." : missed.join("\n");
}

function slowReaderTable(outcomes: readonly JudgedOutcome[]): string {
  const rows = outcomes.flatMap(({ scenario, memory, verdicts }) => {
    const verdict = verdicts.find(({ what }) => what.startsWith("costs"));
    if (verdict === undefined) return [];
    const { prepared, peak } = memory;
    const kept = verdict.isMet ? "kept" : "MISSED";
    return [[scenario, megabytes(prepared), megabytes(peak), verdict.what, kept]];
  });
  return markdown(["scenario", "before, MB", "peak, MB", "cost", "verdict"], rows);
}

function markdown(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return asMarkdown({ heading, rows, words: heading.length });
}
