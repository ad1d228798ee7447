/**
 * The raw data as CSV (RFC 4180: commas, CRLF, quotes if needed), for spreadsheets and statistics programs.
 * Numbers have a decimal point and no separators. A cell that does not apply is empty.
 *
 * The file has one row for each step, repeat, stage, operation and client, and one for all clients:
 *
 * - `target`, `server`, `seed`: the server that was measured, and the seed of keys and choices
 * - `clients`, `repeat`: the step (number of simultaneous clients) and its repeat, from 1
 * - `stage`, `operation`: both are the same in a stage of one type of operation. A mixed stage has rows
 *   for each type, and rows with `all`, which are the sums of the types
 * - `client`: from 1, or `sum` for all clients. The seconds of `sum` are those of the slowest client,
 *   and its percentiles are those of all operations
 * - `loop`, `rate_per_s`: `closed`, with service times as latencies; or `open`, with latencies from the
 *   intended start, and the rate of all clients
 * - `started_unix_ms`: start of the counted interval of the stage, in Unix milliseconds
 * - `ops`, `errors`, `outcome_unknown`, `unsent`: operations that succeeded; operations that failed;
 *   failed writes with an unknown outcome; and requests that were due and never sent (not by type)
 * - `seconds`, `ops_per_s`: length of that interval (with `--ops`, to the last reply), and successful
 *   operations a second in it
 * - `latency_..._ms`: of successful operations; empty without any
 * - `ended`: why the stage ended: `planned`, `time limit`, `keys used up`, `overload`, `server gone`
 */
import { partsOf, type RawData, stepsOf } from "./series.ts";
import {
  type ClientData,
  errorCount,
  type OperationData,
  opsPerSecond,
  type StageData,
} from "../measure/stage_data.ts";

type Cell = string | number | null;

/** The columns, in order. */
export const CSV_COLUMNS = [
  "target",
  "server",
  "seed",
  "clients",
  "repeat",
  "stage",
  "operation",
  "client",
  "loop",
  "rate_per_s",
  "started_unix_ms",
  "ops",
  "errors",
  "outcome_unknown",
  "unsent",
  "seconds",
  "ops_per_s",
  "latency_mean_ms",
  "latency_p50_ms",
  "latency_p90_ms",
  "latency_p99_ms",
  "latency_p999_ms",
  "latency_max_ms",
  "ended",
] as const;

type Row = Readonly<Record<(typeof CSV_COLUMNS)[number], Cell>>;

/** Formats raw data as a CSV file with a heading. */
export function csvText(data: RawData): string {
  const { target, server, seed } = data;
  const rows = stepsOf(data).flatMap(({ clients, repeats }) =>
    repeats.flatMap((stages, at) =>
      stages.flatMap((stage) =>
        stageRows(stage).map((row) => ({ target, server, seed, clients, repeat: at + 1, ...row }))
      )
    )
  );
  const lines = [CSV_COLUMNS, ...rows.map((row: Row) => CSV_COLUMNS.map((name) => row[name]))];
  return lines.map((cells) => `${cells.map(cellText).join(",")}\r\n`).join("");
}

type StageRow = Omit<Row, "target" | "server" | "seed" | "clients" | "repeat">;

function stageRows(stage: StageData): StageRow[] {
  return [
    ...stage.clients.flatMap((client, at) => clientRows(stage, client, at + 1)),
    ...clientRows(stage, stage.sum, "sum"),
  ];
}

function clientRows(stage: StageData, data: ClientData, client: number | "sum"): StageRow[] {
  const { stage: name, loop, ratePerS, startedUnixMs, ended } = stage;
  const parts = partsOf(stage, data);
  // A whole mixed stage is named `all`, because it is not a type of operation.
  const isMixed = partsOf(stage, stage.sum).length > 1;
  return parts.map((part, at) => {
    const isWhole = at === parts.length - 1;
    return {
      stage: name,
      operation: isWhole && isMixed ? "all" : part.name,
      client,
      loop,
      rate_per_s: ratePerS,
      started_unix_ms: startedUnixMs,
      unsent: isWhole ? data.unsent : null,
      ended,
      ...figures(part.measured),
    };
  });
}

function figures(measured: OperationData) {
  const { meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = measured.latency;
  const latency = (ms: number) => measured.ops === 0 ? null : ms;
  return {
    ops: measured.ops,
    errors: errorCount(measured.errors),
    outcome_unknown: measured.unknown,
    seconds: measured.seconds,
    ops_per_s: opsPerSecond(measured),
    latency_mean_ms: latency(meanMs),
    latency_p50_ms: latency(p50Ms),
    latency_p90_ms: latency(p90Ms),
    latency_p99_ms: latency(p99Ms),
    latency_p999_ms: latency(p999Ms),
    latency_max_ms: latency(maxMs),
  };
}

/** Formats a cell. */
function cellText(cell: Cell): string {
  if (cell === null) return "";
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
