/** The tables of a run, and the documents that show them. */
import { writeSections } from "../harness/generated_sections.ts";
import { type Machine, machineText } from "../harness/machine.ts";
import { TOP } from "../harness/program.ts";
import { spreadOf, spreadText } from "../harness/summary.ts";
import { asMarkdown, type Table } from "../harness/tables.ts";
import { verdictOn } from "../peers/ratios.ts";
import { type Cell, type ContenderName, namesOf, type Rival } from "./cells.ts";
import type { Sizes, StageResult } from "./measure.ts";

const DOCUMENT = `${TOP}docs/CLUSTER.md`;
const RAW = `${TOP}docs/data/cluster.json`;

/** One contender in one cell, once. */
export interface Stage {
  readonly cell: string;
  readonly contender: ContenderName;
  readonly round: number;
  readonly result: StageResult;
}

/** The measurements of a run. */
export interface Findings {
  readonly machine: Machine;
  readonly seed: number;
  readonly sizes: Sizes;
  readonly cells: readonly Cell[];
  readonly stages: readonly Stage[];
}

const FIGURES = [
  ...["perSecond", "p50Us", "p99Us", "serverUs", "clusterUs", "settleMs"] as const,
] satisfies readonly (keyof StageResult)[];

/** The tables by the names of their sections. */
export function tablesOf({ cells, stages }: Findings): Readonly<Record<string, Table>> {
  return {
    "cluster ratios": ratioTable(cells, stages),
    "cluster figures": figureTable(cells, stages),
  };
}

/** Each ratio with its target. Both stages of a ratio are of one round. */
function ratioTable(cells: readonly Cell[], stages: readonly Stage[]): Table {
  const rows = cells.flatMap((cell) =>
    cell.rivals.map((rival) => {
      const ratios = ratiosOf(stages, cell, rival, ({ perSecond }) => perSecond);
      const byCpu = ratiosOf(stages, cell, rival, (one) => 1 / (one.serverUs + one.clusterUs));
      return [
        cell.name,
        cell.subject,
        rival.name,
        verdictOn(spreadOf(ratios).median, rival.must),
        spreadText(ratios, 2),
        rival.must?.toFixed(2) ?? "",
        spreadText(byCpu, 2),
      ];
    })
  );
  return {
    heading: ["cell", "of", "by", "verdict", "throughput", "must", "requests by processor time"],
    rows,
    words: 4,
  };
}

/** The ratios of a figure in all rounds that have both contenders. */
export function ratiosOf(
  stages: readonly Stage[],
  cell: Cell,
  rival: Rival,
  figure: (result: StageResult) => number,
): number[] {
  const byRound = (contender: ContenderName) =>
    new Map(
      stages.filter((stage) => stage.cell === cell.name && stage.contender === contender)
        .map(({ round, result }) => [round, figure(result)]),
    );
  const others = byRound(rival.name);
  return [...byRound(cell.subject)].flatMap(([round, value]) => {
    const other = others.get(round);
    return other === undefined ? [] : [value / other];
  });
}

/** Medians of the rounds. */
function figureTable(cells: readonly Cell[], stages: readonly Stage[]): Table {
  const rows = cells.flatMap((cell) =>
    namesOf(cell).flatMap((name) => {
      const own = stages.filter((stage) => stage.cell === cell.name && stage.contender === name);
      if (own.length === 0) return [];
      const median = (figure: keyof StageResult) =>
        spreadOf(own.map(({ result }) => result[figure])).median;
      return [[
        cell.name,
        name,
        (median("perSecond") / 1e3).toFixed(1),
        ...[median("p50Us"), median("p99Us")].map((us) => (us / 1e3).toFixed(2)),
        ...[median("serverUs"), median("clusterUs")].map((us) => us === 0 ? "" : us.toFixed(1)),
      ]];
    })
  );
  // deno-fmt-ignore
  const heading = [
    "cell", "contender", "1,000 requests/s", "p50, ms", "p99, ms", "htservers, us", "cluster, us",
  ];
  return { heading, rows, words: 2 };
}

/** Rewrites the figures of docs/CLUSTER.md, and the raw data. */
export async function writeDocuments(findings: Findings): Promise<void> {
  const tables = Object.entries(tablesOf(findings))
    .map(([name, table]) => [name, asMarkdown(table)] as const);
  const machine = machineText(findings.machine);
  await writeSections(DOCUMENT, { "cluster machine": machine, ...Object.fromEntries(tables) });
  await Deno.writeTextFile(RAW, rawText(findings));
}

/** The raw data: an array of rounds for each figure. */
function rawText({ stages, cells: _, ...rest }: Findings): string {
  const groups = Map.groupBy(stages, ({ cell, contender }) => JSON.stringify([cell, contender]));
  const columns = [...groups.values()].map((group) => {
    const [{ cell, contender }] = group as [Stage]; // A group is never empty.
    const figures = FIGURES.map((figure) =>
      [figure, group.map(({ result }) => Number(result[figure].toFixed(2)))] as const
    );
    return {
      cell,
      contender,
      round: group.map(({ round }) => round),
      ...Object.fromEntries(figures),
    };
  });
  return JSON.stringify({ ...rest, stages: columns }, undefined, 1) + "\n";
}
