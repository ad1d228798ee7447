/** The report of a sum of processes: what each client got, and all of them, by number of clients. */
import { columns } from "../../terminal/columns.ts";
import { median } from "../analysis/statistics.ts";
import { clientsText } from "../analysis/sweep_step.ts";
import { opsPerSecond, type StageData } from "../measure/stage_data.ts";
import { stagesIn } from "./sweep_analysis.ts";
import type { StepData, SweepData } from "./sweep_data.ts";
import { analysisLines, range, stageOf } from "./sweep_report.ts";

/** Maximum width of the list of all clients, so that the table has at most 80 columns. */
const MAX_LIST = 36;

/** The explanation of the tables. */
export const SUM_NOTE =
  "`each` is the throughput of each client, or of the slowest and the fastest one; `sum` is that of all of them at the same time, the median if there are several runs; `gain` is the change of the sum from the row above";

/** Formats one table for each stage, with a row for each number of clients. */
export function sumTables(steps: readonly StepData[]): string[] {
  const hasRepeats = steps.some(({ repeats }) => repeats.length > 1);
  return stagesIn(steps).map((stage) => {
    let before: number | undefined;
    const rows = steps.flatMap((step) => {
      const runs = stageOf(step, stage);
      if (runs.length === 0) return [];
      const sum = median(runs.map((run) => opsPerSecond(run.sum)));
      const gain = before === undefined ? "" : gainText(before, sum);
      before = sum;
      const count = hasRepeats ? [String(runs.length)] : [];
      return [[clientsText(step.clients), ...count, eachText(runs), rateText(sum), gain]];
    });
    const count = hasRepeats ? ["runs"] : [];
    const heading = [stage, ...count, "each ops/s", "sum ops/s", "gain"];
    return columns([heading, ...rows], new Set(heading.keys().drop(1)));
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
function eachText(runs: readonly StageData[]): string {
  const each = runs.flatMap(({ clients }) => clients.map(opsPerSecond));
  const list = each.map(rateText).join(" ");
  if (each.length === 1 || runs.length === 1 && list.length <= MAX_LIST) return list;
  return range(each).map(rateText).join(" to ");
}

function gainText(before: number, sum: number): string {
  if (before === 0) return "-";
  const percent = Math.round(100 * (sum / before - 1));
  return `${percent < 0 ? "-" : "+"}${Math.abs(percent)}%`;
}

/** Whole numbers; below 100, three digits. */
function rateText(opsPerSecond: number): string {
  return opsPerSecond >= 100
    ? opsPerSecond.toFixed(0)
    : String(Number(opsPerSecond.toPrecision(3)));
}
