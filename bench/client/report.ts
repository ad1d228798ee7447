/** The table of the comparison, and the document that shows it. */
import { writeSections } from "../harness/generated_sections.ts";
import { type Machine, machineText } from "../harness/machine.ts";
import { TOP } from "../harness/program.ts";
import { spreadOf, spreadText } from "../harness/summary.ts";
import { asMarkdown, percent, type Table } from "../harness/tables.ts";
import { type Cell, CELLS } from "./cells.ts";
import type { ProgramName, Result } from "./measure.ts";

const DOCUMENT = `${TOP}docs/PERFORMANCE.md`;
const RAW = `${TOP}docs/data/client.json`;

const TEXTS: Readonly<Record<ProgramName, string>> = {
  this: "testperf",
  earlier: "earlier testperf",
  generator: "generator in C",
};

/** The measurements of a run. */
export interface Findings {
  readonly machine: Machine;
  readonly seed: number;
  readonly results: readonly Result[];
}

/** One row for each load and program. */
export function clientTable(cells: readonly Cell[], results: readonly Result[]): Table {
  const rows = cells.flatMap(({ name }) =>
    (["earlier", "this", "generator"] as const).flatMap((program) => {
      const own = results.filter((result) => result.cell === name && result.program === program);
      if (own.length === 0) return [];
      const medianOf = (figure: (result: Result) => number) => spreadOf(own.map(figure)).median;
      const ratios = ratiosByRound(results, name, program);
      return [[
        name,
        TEXTS[program],
        spreadText(own.map(({ perSecond }) => perSecond / 1e3), 1),
        ratios.length === 0 ? "" : spreadText(ratios, 2),
        medianOf(({ p50Us }) => p50Us).toFixed(0),
        medianOf(({ clientUs }) => clientUs).toFixed(1),
        percent(medianOf(({ clientShare }) => clientShare)),
      ]];
    })
  );
  return {
    heading: [
      "clients",
      "program",
      "1,000 lookups/s",
      "testperf to it",
      "p50, us",
      "processor time, us",
      "busy",
    ],
    rows,
    words: 2,
  };
}

/** The throughput of this testperf by that of a program, in each round. */
function ratiosByRound(results: readonly Result[], cell: string, program: ProgramName): number[] {
  if (program === "this") return [];
  const byRound = (name: ProgramName) =>
    new Map(
      results.filter((result) => result.cell === cell && result.program === name)
        .map(({ round, perSecond }) => [round, perSecond]),
    );
  const others = byRound(program);
  return [...byRound("this")].flatMap(([round, perSecond]) => {
    const other = others.get(round);
    return other === undefined ? [] : [perSecond / other];
  });
}

/** Rewrites the figures of docs/PERFORMANCE.md, and the raw data. */
export async function writeDocuments(findings: Findings): Promise<void> {
  await writeSections(DOCUMENT, {
    "client machine": machineText(findings.machine),
    client: asMarkdown(clientTable(CELLS, findings.results)),
  });
  await Deno.writeTextFile(RAW, JSON.stringify(findings, undefined, 1) + "\n");
}
