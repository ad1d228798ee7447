/** The tables of a run, and the documents that show them. */
import { writeSections } from "../harness/generated_sections.ts";
import { type Machine, machineText } from "../harness/machine.ts";
import { TOP } from "../harness/program.ts";
import { asMarkdown, type Table } from "../harness/tables.ts";
import type { Cell } from "./cells.ts";
import type { GeneratorCheck } from "./generator_check.ts";
import type { LimitFigure } from "./limits.ts";
import { ratiosOf } from "./ratios.ts";
import { columnsOf } from "./raw_data.ts";
import type { Stage } from "./rounds.ts";
import { figureTable, generatorTable, limitTable, ratioTable } from "./tables.ts";

const DOCUMENT = `${TOP}docs/PERFORMANCE.md`;
const RAW = `${TOP}docs/data/performance.json`;

/** The measurements of a run. */
export interface Findings {
  readonly machine: Machine;
  readonly seed: number;
  readonly cells: readonly Cell[];
  readonly stages: readonly Stage[];
  readonly limits: readonly LimitFigure[];
  readonly generator: readonly GeneratorCheck[];
}

/** The tables by the names of their sections. */
export function tablesOf(findings: Findings): Readonly<Record<string, Table>> {
  const { cells, stages, limits, generator } = findings;
  return {
    ratios: ratioTable(ratiosOf(cells, stages)),
    limits: limitTable(limits),
    figures: figureTable(cells, stages),
    generator: generatorTable(generator),
  };
}

/** Writes the figures of docs/PERFORMANCE.md, and the raw data. */
export async function writeDocuments(findings: Findings): Promise<void> {
  const tables = Object.entries(tablesOf(findings)).map(([name, table]) =>
    [name, asMarkdown(table)] as const
  );
  const machine = machineText(findings.machine);
  await writeSections(DOCUMENT, { machine, ...Object.fromEntries(tables) });
  await Deno.writeTextFile(RAW, rawText(findings));
}

/** Writes the raw data of an incomplete run to a temporary file, and returns its name. */
export async function writeRaw(findings: Findings): Promise<string> {
  const file = await Deno.makeTempFile({ prefix: "htserver-peers-", suffix: ".json" });
  await Deno.writeTextFile(file, rawText(findings));
  return file;
}

function rawText({ stages, cells: _, ...rest }: Findings): string {
  return JSON.stringify({ ...rest, stages: columnsOf(stages) }, undefined, 1) + "\n";
}
