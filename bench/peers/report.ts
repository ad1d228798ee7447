/** Everything that one run found, as tables, and as the documents that hold them. */
import { columnsOf } from "../harness/raw_data.ts";
import type { Cell } from "./cells.ts";
import type { GeneratorCheck } from "./generator_check.ts";
import type { LimitFigure } from "./limits.ts";
import { type Machine, machineText } from "../harness/machine.ts";
import { withPart } from "../harness/generated_sections.ts";
import { ratiosOf } from "./ratios.ts";
import type { Stage } from "../harness/rounds.ts";
import {
  asMarkdown,
  figureTable,
  generatorTable,
  limitTable,
  ratioTable,
  type Table,
} from "./tables.ts";

const DOCS = new URL("../../docs/", import.meta.url).pathname;
const DOCUMENT = `${DOCS}PERFORMANCE.md`;
const RAW = `${DOCS}data/performance.json`;

/** What was measured. */
export interface Findings {
  readonly machine: Machine;
  readonly seed: number;
  readonly cells: readonly Cell[];
  readonly stages: readonly Stage[];
  readonly limits: readonly LimitFigure[];
  readonly generator: readonly GeneratorCheck[];
}

/** Parts of the document by their names. */
export function tablesOf(findings: Findings): Readonly<Record<string, Table>> {
  const { cells, stages, limits, generator } = findings;
  return {
    ratios: ratioTable(ratiosOf(cells, stages)),
    limits: limitTable(limits),
    figures: figureTable(cells, stages),
    generator: generatorTable(generator),
  };
}

/** Rewrites the figures of docs/PERFORMANCE.md, and the raw data beside it. */
export async function writeDocuments(findings: Findings): Promise<void> {
  let document = withPart(
    Deno.readTextFileSync(DOCUMENT),
    "machine",
    machineText(findings.machine),
  );
  for (const [name, table] of Object.entries(tablesOf(findings))) {
    document = withPart(document, name, asMarkdown(table));
  }
  Deno.writeTextFileSync(DOCUMENT, document);
  Deno.writeTextFileSync(RAW, rawText(findings));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", DOCUMENT, RAW] }).output();
}

/**
 * Writes the raw data of a run that is not whole to a file of its own.
 *
 * @returns the file's name
 */
export async function writeRaw(findings: Findings): Promise<string> {
  const file = await Deno.makeTempFile({ prefix: "htserver-peers-", suffix: ".json" });
  await Deno.writeTextFile(file, rawText(findings));
  return file;
}

function rawText({ stages, cells: _, ...rest }: Findings): string {
  return JSON.stringify({ ...rest, stages: columnsOf(stages) }, undefined, 1) + "\n";
}
