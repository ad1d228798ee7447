/** The report of a sum of processes: what each client got, and all of them, by number of clients. */
import { type Column, table } from "../../terminal/table.ts";
import { median } from "../analysis/statistics.ts";
import { clientsText } from "../analysis/sweep_step.ts";
import { opsPerSecond, type StageData } from "../measure/stage_data.ts";
import { rateText } from "./run_report.ts";
import { stagesIn } from "./sweep_analysis.ts";
import type { StepData, SweepData } from "./sweep_data.ts";
import { analysisLines, range, stageOf } from "./sweep_report.ts";

/** Width of the columns beside the list of all clients, with the spaces between them. */
const OTHER_COLUMNS = 44;

/** The explanation of the tables. */
export const SUM_NOTE =
  "`each` is the throughput of each client, or of the slowest and the fastest one; `sum` is that of all of them at the same time, the median if there are several runs; `gain` is the change of the sum from the row above";

/**
 * Formats one table for each stage, with a row for each number of clients.
 *
 * @param width maximum characters per line
 */
export function sumTables(steps: readonly StepData[], width: number): string[] {
  return stagesIn(steps).map((stage) => {
    const rows = steps.map((step) => {
      const runs = stageOf(step, stage);
      return { clients: step.clients, runs, sum: median(runs.map((run) => opsPerSecond(run.sum))) };
    }).filter(({ runs }) => runs.length > 0);
    const column = (
      heading: string,
      cell: (row: typeof rows[number], at: number) => string,
    ): Column => ({
      heading,
      cells: rows.map(cell),
    });
    return table([
      { ...column(stage, ({ clients }) => clientsText(clients)), isText: true },
      ...(rows.some(({ runs }) => runs.length > 1)
        ? [column("runs", ({ runs }) => String(runs.length))]
        : []),
      column("each ops/s", ({ runs }) => eachText(runs, width - OTHER_COLUMNS)),
      column("sum ops/s", ({ sum }) => rateText(sum)),
      column("gain", ({ sum }, at) => gainText(rows[at - 1]?.sum, sum)),
    ], width);
  });
}

/** Describes the analysis of a sum; in one sentence, if the data of no stage decides anything. */
export function sumAnalysisLines({ analysis }: SweepData): string[] {
  const reasons = new Set(Object.values(analysis).map(({ plateau }) => plateau.why));
  const [why] = reasons;
  if (reasons.size !== 1 || why === null) return analysisLines(analysis);
  return [`The data does not decide whether the throughput levels out: ${why}.`];
}

/** Lists the throughput of each client of a single run if there is room; otherwise a range. */
function eachText(runs: readonly StageData[], width: number): string {
  const each = runs.flatMap(({ clients }) => clients.map(opsPerSecond));
  const list = each.map(rateText).join(" ");
  if (each.length === 1 || runs.length === 1 && list.length <= width) return list;
  return range(each).map(rateText).join(" to ");
}

function gainText(before: number | undefined, sum: number): string {
  if (before === undefined) return "";
  if (before === 0) return "-";
  const percent = Math.round(100 * (sum / before - 1));
  return `${percent < 0 ? "-" : "+"}${Math.abs(percent)}%`;
}
