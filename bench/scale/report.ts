/** What was measured as the work grew, as a table and as raw data. */
import { spreadOf, spreadText } from "../durability/summary.ts";
import type { LoadResult } from "../peers/generator.ts";
import { type FigureRounds, figuresByName } from "../peers/raw.ts";
import type { Table } from "../peers/tables.ts";
import type { Measured } from "./measure.ts";

/** One series, for people. */
export function scaleTable(name: string, measured: readonly Measured[]): Table {
  const median = (results: readonly LoadResult[], figure: keyof LoadResult) =>
    spreadOf(results.map((result) => result[figure])).median;
  return {
    heading: [
      "server",
      "operation",
      name,
      "1,000 requests/s",
      "p50, ms",
      "p99, ms",
      "server's core",
      "its memory, MB",
    ],
    rows: measured.map(({ server, operation, x, results, problem }) => {
      const head = [server, operation, String(x)];
      if (results.length === 0) return [...head, problem ?? "", "", "", "", ""];
      return [
        ...head,
        spreadText(results.map(({ perSecond }) => perSecond / 1e3), 1),
        (median(results, "p50Us") / 1e3).toFixed(3),
        (median(results, "p99Us") / 1e3).toFixed(3),
        `${(median(results, "serverCpu") * 100).toFixed(0)}%`,
        (median(results, "serverResidentBytes") / 1e6).toFixed(0),
      ];
    }),
    words: 2,
  };
}

/** Short as JSON. */
export function rawOf(
  measured: readonly Measured[],
): (Omit<Measured, "results"> & FigureRounds)[] {
  return measured.map(({ results, ...point }) => ({ ...point, ...figuresByName(results) }));
}
