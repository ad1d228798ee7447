/** The report of a measurement, after its last stage: one JSON object, or text for people. */
import type { Output } from "./output.ts";
import { detailTable } from "./run_report.ts";
import type { RawData } from "./series.ts";
import { SUM_NOTE, sumAnalysisLines, sumTables } from "./sum_report.ts";
import { roundsSentence } from "./sweep_rounds.ts";
import { analysisLines, busyNotes, sweepTables, TABLE_NOTE } from "./sweep_report.ts";

/** Prints the report of raw data. */
export function printReport(
  data: RawData,
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  output: Output,
): void {
  if (json) return output.result(JSON.stringify(data));
  const notes = [];
  if (data.format === "testperf run") {
    if (data.stages.length > 0) notes.push(detailTable(data.stages));
  } else {
    const { steps, analysis, complete, sumOf } = data;
    const isSum = sumOf !== undefined;
    for (const table of isSum ? sumTables(steps) : sweepTables(steps)) {
      output.result(table);
      output.result("");
    }
    (isSum ? sumAnalysisLines(data) : analysisLines(analysis)).forEach(output.result);
    const rounds = roundsSentence(data);
    if (rounds !== undefined) output.result(rounds);
    if (!complete) output.result("The sweep is not complete: it ended early");
    notes.push(...busyNotes(steps), `${isSum ? SUM_NOTE : TABLE_NOTE}.`);
  }
  if (quiet || notes.length === 0) return;
  [...notes, data.latencies ?? ""].forEach(output.note);
}
