/** The report of a run: result lines for scripts, and a table for people. */
import { type Column, table } from "../../terminal/table.ts";
import { busiestShare } from "../measure/cpu_time.ts";
import {
  errorCount,
  type Loop,
  type OperationData,
  opsPerSecond,
  type StageData,
} from "../measure/stage_data.ts";
import type { LatencyData } from "../measure/histogram.ts";
import { partsOf } from "./series.ts";

/** Returns the note for readers of the latencies. */
export function latencyNote(loop: Loop): string {
  return loop === "closed"
    ? "Latencies are service times of a closed loop: a client that waits for a reply sends no other request, so a stall of the server delays few requests and hardly shows in the percentiles (--rate shows it)."
    : "Latencies are response times of an open loop: from the intended start of a request, even if earlier replies are missing, so a stall of the server shows in full.";
}

/**
 * Formats the result lines of a stage: with several clients, a line for each, then a line for their
 * sum, which begins like the line of a single client. A mixed stage has a line for each type of
 * operation before the sum.
 */
export function stageLines(data: StageData): string[] {
  const { stage, clients, sum } = data;
  const suffix = clients.length === 1 ? "" : ` (sum of ${clients.length} clients)`;
  return [
    ...(clients.length === 1
      ? []
      : clients.map((client, at) => resultLine(`${stage} client ${at + 1}`, client))),
    ...partsOf(data, sum).map(({ name, measured }) => resultLine(name, measured) + suffix),
  ];
}

/**
 * Formats a table with a row for each stage: the sum of all clients, the range of single clients, the
 * latencies, and the load of testperf itself. A mixed stage also has a row for each type of operation.
 *
 * @param width maximum characters per line
 */
export function stageTable(stages: readonly StageData[], width: number): string {
  const rows = stages.flatMap((data) =>
    partsOf(data, data.sum).map(({ name, measured }) => ({ name, measured, data }))
  );
  type Row = typeof rows[number];
  const column = (heading: string, cell: (row: Row) => string, group = ""): Column => ({
    heading,
    group,
    cells: rows.map(cell),
  });
  const ofEach = ({ name, data }: Row) =>
    data.clients.flatMap((client) =>
      partsOf(data, client).filter((part) => part.name === name)
        .map(({ measured }) => opsPerSecond(measured))
    );
  const latency = (heading: string, value: (latency: LatencyData) => number) =>
    column(heading, ({ measured }) => latencyText(value(measured.latency)), "latency in ms");
  // The values of a stage are in its last row, which is that of all its operations.
  const ofStage = (heading: string, cell: (data: StageData) => string) =>
    column(heading, ({ measured, data }) => measured === data.sum ? cell(data) : "");
  const hasClients = stages.some(({ clients }) => clients.length > 1);
  return table([
    { ...column("", ({ name }) => name), isText: true },
    { ...column("ops", ({ measured }) => measured.ops.toLocaleString("en-US")), isOptional: true },
    column("ops/s", ({ measured }) => rateText(opsPerSecond(measured))),
    ...(hasClients
      ? [
        column("min", (row) => rateText(Math.min(...ofEach(row))), "one client"),
        column("max", (row) => rateText(Math.max(...ofEach(row))), "one client"),
      ]
      : []),
    latency("mean", ({ meanMs }) => meanMs),
    latency("p50", ({ p50Ms }) => p50Ms),
    { ...latency("p90", ({ p90Ms }) => p90Ms), isOptional: true },
    latency("p99", ({ p99Ms }) => p99Ms),
    latency("p99.9", ({ p999Ms }) => p999Ms),
    latency("max", ({ maxMs }) => maxMs),
    ...(stages.some(({ sendDelay }) => sendDelay !== null)
      ? [ofStage("lag", ({ sendDelay }) => sendDelay === null ? "-" : latencyText(sendDelay.p99Ms))]
      : []),
    column("errors", ({ measured }) => String(errorCount(measured.errors))),
    ofStage("busy", ({ processors }) => shareText(busiestShare(processors))),
  ], width);
}

/** Explains the table of a run. */
export function stageTableNote(stages: readonly StageData[]): string {
  const latency = stages.some(({ loop }) => loop === "open")
    ? "Latency from the intended start to the reply; lag: p99 of the time to the sending"
    : "Latency from sending to the reply";
  return `${latency}; ${BUSY_NOTE}`;
}

/** Explains the load of testperf itself. */
export const BUSY_NOTE = "busy: testperf's thread, near 100% the limit";

/** A throughput for a table: whole numbers; below 100, three digits. */
export function rateText(opsPerSecond: number): string {
  return opsPerSecond >= 99.95 || opsPerSecond === 0
    ? Math.round(opsPerSecond).toLocaleString("en-US")
    : opsPerSecond.toPrecision(3);
}

/** A latency for a table, in milliseconds: at most five characters below 100 s. */
export function latencyText(ms: number): string {
  return ms.toFixed(ms < 9.9995 ? 3 : ms < 99.995 ? 2 : ms < 999.95 ? 1 : 0);
}

/** A share of time for a table; a dash if it is unknown. */
export function shareText(share: number | undefined): string {
  return share === undefined ? "-" : `${Math.round(100 * share)}%`;
}

function resultLine(label: string, measured: OperationData): string {
  const { meanMs, p50Ms, p99Ms, maxMs } = measured.latency;
  const failed = errorCount(measured.errors);
  const errors = failed === 0 ? "" : `, ${failed} errors`;
  return `${label}: ${measured.ops} ops in ${measured.seconds.toFixed(3)} s, ${
    opsPerSecond(measured).toFixed(1)
  } ops/s, latency mean ${milliseconds(meanMs)} ms p50 ${milliseconds(p50Ms)} p99 ${
    milliseconds(p99Ms)
  } max ${milliseconds(maxMs)} ms${errors}`;
}

function milliseconds(ms: number): string {
  return ms.toFixed(3);
}
