/** The report of a run: result lines for scripts and people, and a table. */
import { columns } from "../../terminal/columns.ts";
import {
  errorCount,
  type Loop,
  type OperationData,
  opsPerSecond,
  type StageData,
} from "../measure/stage_data.ts";
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

/** Formats a table of further percentiles, the schedule lag, and the client's load. */
export function detailTable(stages: readonly StageData[]): string {
  const rows = stages.flatMap((data) => {
    const { sum, sendDelay } = data;
    const own = [
      sendDelay === null ? "-" : milliseconds(sendDelay.p99Ms),
      data.processors.map(({ mainShare, isTooShort }) => isTooShort ? "-" : percent(mainShare))
        .join(" "),
      data.processors.map(({ allShare }) => percent(allShare)).join(" "),
    ];
    return partsOf(data, sum).map(({ name, measured }) => [
      name,
      ...percentiles(measured),
      ...(measured === sum ? own : ["", "", ""]),
    ]);
  });
  const heading = [
    "ms",
    "mean",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "schedule lag p99",
    "client thread",
    "client process",
  ];
  return columns([heading, ...rows], new Set(heading.keys().drop(1)));
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

function percentiles({ latency }: OperationData): string[] {
  const { meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = latency;
  return [meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map(milliseconds);
}

function milliseconds(ms: number): string {
  return ms.toFixed(3);
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
