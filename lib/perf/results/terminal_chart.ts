/** A small chart of throughput for a terminal: by the number of clients, or by operation. */
import { type RawData, type Series, seriesOf, throughputSteps } from "./series.ts";
import { opsPerSecond } from "../measure/stage_data.ts";
import { median } from "../analysis/statistics.ts";
import type { OperationAnalysis } from "./sweep_data.ts";

/** The abilities of the terminal that shows a chart. */
export interface ChartStyle {
  /** Characters per line. */
  readonly columns: number;
  /** Whether it shows the block elements of Unicode. */
  readonly hasBlocks: boolean;
}

/** Minimum width of bars. Below it, the terminal cuts the numbers off instead. */
const MIN_BAR = 4;

/** Maximum width of bars: longer ones are hard to follow to their number. */
const MAX_BAR = 60;

/** Blocks of one to eight eighths of a character, from the left. */
const EIGHTHS = ["\u258F", "\u258E", "\u258D", "\u258C", "\u258B", "\u258A", "\u2589", "\u2588"];

interface Bar {
  readonly label: string;
  readonly value: number;
  /** Text after the number; can be empty. */
  readonly mark: string;
}

/**
 * Draws the throughput of all clients. A sweep has a block of bars for each operation: medians of the
 * repeats, with a mark at the plateau. A run has one block for all stages.
 *
 * @returns lines; none for a run of a single stage
 */
export function terminalChart(data: RawData, style: ChartStyle): string[] {
  const all = seriesOf(data);
  if (data.format === "testperf run") {
    if (all.length < 2) return [];
    const bars = all.map((series) => ({ label: series.name, value: highest(series), mark: "" }));
    return barLines("Throughput", bars, style);
  }
  return all.flatMap((series) => {
    const marks = marksOf(data.analysis[series.name]);
    const bars = throughputSteps(series).map(({ clients, opsPerSecond }) => ({
      label: String(clients),
      value: median(opsPerSecond),
      mark: marks.get(clients) ?? "",
    }));
    return barLines(`${series.name}, by clients`, bars, style);
  });
}

function highest({ points }: Series): number {
  return Math.max(...points.flatMap(({ sums }) => sums.map(opsPerSecond)));
}

/** The marks of the analysis, by the number of clients. */
function marksOf(analysis: OperationAnalysis | undefined): ReadonlyMap<number, string> {
  const { verdict, clients = null } = analysis?.plateau ?? {};
  if (clients === null || verdict === undefined) return new Map();
  const text = {
    "levels out": "plateau",
    "falls": "falls beyond",
    "still rises": "still rises",
    "undecided": "",
  }[verdict];
  return new Map([[clients, text]]);
}

function barLines(title: string, bars: readonly Bar[], style: ChartStyle): string[] {
  const max = Math.max(...bars.map(({ value }) => value));
  const numbers = bars.map(({ value }) => numberText(value));
  const labelWidth = Math.max(...bars.map(({ label }) => label.length));
  const numberWidth = Math.max(...numbers.map(({ length }) => length));
  const markWidth = Math.max(...bars.map(({ mark }) => mark === "" ? 0 : mark.length + 3));
  // A line is "  label bar number < mark". If it is too narrow, the mark shrinks to its arrow.
  const room = style.columns - (labelWidth + numberWidth + 4);
  const hasWords = room - markWidth >= MIN_BAR * 2;
  const barRoom = room - (hasWords ? markWidth : markWidth > 0 ? 2 : 0);
  const width = Math.min(MAX_BAR, Math.max(MIN_BAR, barRoom));
  const lines = bars.map(({ label, value, mark }, at) => {
    const bar = barText(max > 0 ? value / max : 0, width, style.hasBlocks).padEnd(width);
    const markText = mark === "" ? "" : hasWords ? ` < ${mark}` : " <";
    return `  ${label.padStart(labelWidth)} ${bar} ${
      (numbers[at] ?? "").padStart(numberWidth)
    }${markText}`;
  });
  const mark = bars.find((bar) => bar.mark !== "")?.mark;
  const legend = mark !== undefined && !hasWords ? [`  < ${mark}`] : [];
  return [`${title} (ops/s)`, ...lines, ...legend];
}

/** A bar as long as its share of the width, to an eighth of a character; empty for a share of 0. */
function barText(share: number, width: number, hasBlocks: boolean): string {
  if (share <= 0) return "";
  if (!hasBlocks) return "#".repeat(Math.max(1, Math.round(share * width)));
  const eighths = Math.max(1, Math.round(share * width * 8));
  const [whole, rest] = [Math.floor(eighths / 8), eighths % 8];
  return `${"\u2588".repeat(whole)}${rest === 0 ? "" : EIGHTHS[rest - 1]}`;
}

/** Whole numbers with separators of thousands; below 100, three digits. */
function numberText(value: number): string {
  const rounded = value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return rounded.toLocaleString("en-US");
}
