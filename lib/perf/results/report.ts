/** The report of a measurement, after its end: one JSON object, lines for scripts, or a block for people. */
import { isOneOutput, printBlock, printError, printLine } from "../../terminal/stdout.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { wrap } from "../../base/wrap.ts";
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { headingLines } from "./heading.ts";
import { blockWidth, type ReportForm, reportForm } from "./report_form.ts";
import type { OtherResults } from "./result_writer.ts";
import { stageLines, stageTable, stageTableNote } from "./run_report.ts";
import type { RawData } from "./series.ts";
import type { SweepData } from "./sweep_data.ts";
import { SUM_NOTE, sumAnalysisLines, sumTables } from "./sum_report.ts";
import { roundsSentence } from "./sweep_rounds.ts";
import { analysisLines, busyNotes, sweepTables, TABLE_NOTE } from "./sweep_report.ts";

/** The texts of a report, in the order of a reader; an empty text is left out. */
export interface ReportTexts {
  /** For people, before the result: on stderr, unless the form is a block. */
  readonly head: string;
  /** For stdout. */
  readonly result: string;
  /** For people, after the result: on stderr. */
  readonly tail: string;
}

/**
 * Makes the report of raw data.
 *
 * @param notes on the measurement, for people
 * @param width characters per line of a block and of tables
 */
export function reportTexts(
  data: RawData,
  notes: readonly string[],
  others: Pick<OtherResults, "comparison" | "chart" | "notes">,
  form: ReportForm,
  width: number,
): ReportTexts {
  const heading = headingLines(data);
  const { comparison, chart } = others;
  const allNotes = [...notes, ...others.notes];
  if (form === "block") {
    const sections = [
      heading,
      ...explainedTables(data, width),
      chart,
      conclusions(data),
      comparison,
      allNotes,
    ].map((lines) => lines.map((line) => wrap(line, width, "  ")));
    return { head: "", result: joined(sections), tail: "" };
  }
  if (form === "json") {
    // On stdout is one JSON object.
    const tail = joined([comparison, allNotes, chart]);
    return { head: tail && joined([heading.slice(0, 1)]), result: JSON.stringify(data), tail };
  }
  const isQuiet = form === "quiet lines";
  const results = data.format === "testperf run"
    ? [data.stages.flatMap(stageLines)]
    : isQuiet
    ? [...sweepTablesOf(data, width), conclusions(data)]
    : [...explainedTables(data, width), conclusions(data)];
  const tail = [...(isQuiet ? [] : [data.latencies ?? ""]), ...allNotes, ...chart].filter(Boolean);
  // The first line of the heading distinguishes the notes of several processes.
  return {
    head: joined([isQuiet ? heading.slice(0, Math.min(1, tail.length)) : heading]),
    result: joined([...results, comparison]),
    tail: tail.join("\n"),
  };
}

/**
 * Prints the report of raw data: each stream at once, and both together if they are one file, so that the
 * reports of processes that end at the same time do not mix.
 */
export function printReport(
  data: RawData,
  notes: readonly string[],
  others: OtherResults,
  flags: Pick<TestPerfConfig, "json" | "quiet">,
  terminal: Terminal,
): void {
  const form = reportForm(flags, terminal);
  const width = blockWidth(terminal);
  const { head, result, tail } = reportTexts(data, notes, others, form, width);
  if (form === "block") return printBlock(result, terminal.isForeground(), terminal.isSmart);
  const broken = (text: string) => terminal.hasStdout ? wrap(text, width, "  ") : text;
  // Lines for scripts and JSON stay whole.
  const isText = form !== "json" && data.format === "testperf sweep";
  const shown = isText ? broken(result) : result;
  if (isOneOutput()) {
    return printLine([broken(head), shown, broken(tail)].filter(Boolean).join("\n"));
  }
  if (shown !== "") printLine(shown);
  const forPeople = [head, tail].filter(Boolean).join("\n");
  if (forPeople !== "") printError(forPeople);
}

/** The tables, the last of them with its explanation. */
function explainedTables(data: RawData, width: number): string[][] {
  if (data.format === "testperf run") {
    const { stages } = data;
    return stages.length === 0 ? [] : [[stageTable(stages, width), stageTableNote(stages)]];
  }
  const all = sweepTablesOf(data, width);
  all.at(-1)?.push(data.sumOf ? SUM_NOTE : TABLE_NOTE, ...busyNotes(data.steps));
  return all;
}

function sweepTablesOf({ steps, sumOf }: SweepData, width: number): string[][] {
  return (sumOf ? sumTables(steps, width) : sweepTables(steps, width)).map((table) => [table]);
}

/** The sentences of a sweep. */
function conclusions(data: RawData): string[] {
  if (data.format === "testperf run") return [];
  const rounds = roundsSentence(data);
  return [
    ...(data.sumOf ? sumAnalysisLines(data) : analysisLines(data.analysis)),
    ...(rounds === undefined ? [] : [rounds]),
    ...(data.complete ? [] : ["The sweep is not complete: it ended early"]),
  ];
}

/** Joins sections of lines, with an empty line between them. */
function joined(sections: readonly (readonly string[])[]): string {
  return sections.filter(({ length }) => length > 0).map((lines) => lines.join("\n")).join("\n\n");
}
