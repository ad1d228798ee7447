/** The tables of the report. */
import { median } from "../../lib/perf/analysis/statistics.ts";
import { type Operation, OPERATIONS } from "../../lib/perf/workload/operation.ts";
import type { UslFit } from "../../lib/perf/analysis/usl_fit.ts";
import { percent } from "../harness/tables.ts";
import {
  type Findings,
  isNotMeasured,
  NOT_ASKED,
  type PartName,
  PARTS,
  type SystemCalls,
} from "./report_data.ts";
import {
  levelClients,
  levelPoint,
  pointWith,
  type Series,
  seriesOf,
  seriesWith,
} from "./series.ts";
import { figure, gain, milliseconds, range, type ReportTable, times } from "./text.ts";

/**
 * The figures of the course's grading notes: its solution in Python, with one client on another
 * machine. `nearest` is the operation here that does the same; testperf does not measure query, which
 * reads the whole table like scan.
 */
const COURSE: readonly { operation: string; opsPerSecond: number; nearest: Operation }[] = [
  { operation: "insert", opsPerSecond: 2_141, nearest: "insert" },
  { operation: "lookup", opsPerSecond: 5_129, nearest: "lookup" },
  { operation: "query", opsPerSecond: 159, nearest: "scan" },
  { operation: "remove", opsPerSecond: 5_197, nearest: "remove" },
];

/** The system calls that have a column; the others are only in the sum. */
const NAMED_CALLS = ["epoll_wait", "recvfrom", "sendto", "write", "fdatasync"];

/**
 * Whether the system calls of an operation are in the table. A remove has those of an insert, and a
 * lookup does not write to the disk.
 */
const isTraced = ({ operation, isDurable }: SystemCalls) =>
  operation === "insert" || (operation === "lookup" && !isDurable);

/** The parts in the report, in their order. */
const REPORTED_PARTS = ["memory", "durable", "two-hosts-memory"] as const;

/** The operations of each part in the report. */
const REPORTED: Readonly<Record<(typeof REPORTED_PARTS)[number], readonly Operation[]>> = {
  "memory": OPERATIONS,
  // Scans do not wait for the disk: they are as in memory.
  "durable": ["insert", "lookup", "remove"],
  // Two operations are enough to show the cost of the path between two hosts.
  "two-hosts-memory": ["insert", "lookup"],
};

/** Operations of a part at all numbers of clients. */
export function rawTable(
  findings: Findings,
  part: (typeof REPORTED_PARTS)[number],
): ReportTable {
  const series = reportedSeries(findings, part);
  const { title } = PARTS[part];
  return {
    heading: `Throughput ${title} (operations a second), and latency (ms)`,
    rows: [
      ["", "n", "sum", "min..max", "gain", "each", "slow..fast", "p50", "p99"],
      ...series.flatMap(({ operation, points }) =>
        points.map((point, at) => {
          const before = points[at - 1];
          return [
            at === 0 ? operation : "",
            String(point.clients),
            figure(point.sum),
            range(point.sumMin, point.sumMax),
            before === undefined ? "" : gain(point.sum / before.sum - 1),
            figure(point.each),
            range(point.slowest, point.fastest),
            milliseconds(point.p50Ms),
            milliseconds(point.p99Ms),
          ];
        })
      ),
    ],
    ...whyNot(series.length === 0 ? whyNoPart(findings, part) : undefined),
  };
}

/** The plateau, and the fit of the Universal Scalability Law. */
export function levelsTable(findings: Findings): ReportTable {
  const rows = allSeries(findings).map((series) => {
    const { part, operation, analysis } = series;
    const isRising = analysis?.plateau.verdict === "still rises";
    const clients = isRising ? undefined : levelClients(series);
    const usl = analysis?.usl;
    const fit = usl === undefined || "why" in usl ? undefined : usl;
    return [
      PARTS[part].short,
      operation,
      (analysis?.plateau.verdict ?? "-").replace("levels out", "level").replace("still ", "")
        .replace("undecided", "unclear"),
      figure(clients ?? NaN),
      figure(clients === undefined ? NaN : levelPoint(series).sum),
      percent(analysis?.plateau.noiseShare ?? NaN),
      fit?.sigma.value.toFixed(2) ?? "-",
      fit?.kappa.value.toFixed(3) ?? "-",
      percent(fit === undefined ? NaN : misfit(fit)),
      fit === undefined ? "-" : fit.leftOutClients.join(",") || "none",
    ];
  });
  return {
    heading: "Where the throughput levels out, and the Universal Scalability Law",
    words: 3,
    rows: [
      ["mode", "", "", "enough", "ops/s", "noise", "sigma", "kappa", "misfit", "out"],
      ...rows,
    ],
  };
}

/** The greatest difference between the fit and a step, as a share of the step. */
function misfit({ residuals }: UslFit): number {
  return Math.max(
    ...residuals.map((one) => Math.abs(one.residualOpsPerSecond / one.opsPerSecond)),
  );
}

/** Processor time, at one client and where the throughput levels out. */
export function processorsTable(findings: Findings): ReportTable {
  const why = findings.bench.parts.flatMap(({ shares }) => isNotMeasured(shares) ? shares.why : []);
  // A remove takes about as much as an insert.
  const series = allSeries(findings).filter(({ part, operation }) =>
    part !== "two-hosts-memory" && operation !== "remove"
  );
  const rows = series.flatMap((series) =>
    [...new Set([series.points[0], levelPoint(series)])].flatMap((point) => {
      const shares = point?.shares;
      if (point === undefined || shares === undefined) return [];
      const { thread, waiting, server, clients, machine } = shares;
      return [[
        PARTS[series.part].short,
        series.operation,
        String(point.clients),
        ...[thread, waiting, machine].map(percent),
        figure(perOperationUs(server, point.sum)),
        figure(perOperationUs(clients, point.sum)),
      ]];
    })
  );
  return {
    heading: "Processor time with one client, and with enough or the most clients",
    words: 2,
    rows: [
      ["mode", "", "n", "loop", "waits", "machine", "server us", "clients us"],
      ...rows,
    ],
    ...whyNot(why[0] ?? (rows.length === 0 ? "no sweep has ended" : undefined)),
  };
}

/** Processor time of one operation, in microseconds. @param share of one core */
export function perOperationUs(share: number, opsPerSecond: number): number {
  return 1e6 * share / opsPerSecond;
}

/** One client, by the cores of server and client. */
export function placementsTable({ bench: { placements = NOT_ASKED } }: Findings): ReportTable {
  const heading = "One client, lookups in memory, by the cores that server and client run on";
  if (isNotMeasured(placements)) return { heading, rows: [], why: placements.why };
  return {
    heading,
    rows: [
      ["cores", "ops/s", "min..max", "p50 ms"],
      ...placements.map(({ where, opsPerSecond, p50Ms }) => [
        where,
        figure(median(opsPerSecond)),
        range(Math.min(...opsPerSecond), Math.max(...opsPerSecond)),
        median(p50Ms).toFixed(3),
      ]),
    ],
  };
}

/** System calls of the server. */
export function systemCallsTable({ bench: { systemCalls } }: Findings): ReportTable {
  const heading = "System calls of the server for one request, counted by strace";
  if (isNotMeasured(systemCalls)) return { heading, rows: [], why: systemCalls.why };
  return {
    heading,
    words: 2,
    rows: [
      ["mode", "", "n", "all calls", ...NAMED_CALLS],
      ...systemCalls.filter(isTraced).map((one) => [
        one.isDurable ? "durable" : "memory",
        one.operation,
        String(one.clients),
        callsOf(one).toFixed(2),
        ...NAMED_CALLS.map((name) => callsOf(one, name).toFixed(2)),
      ]),
    ],
  };
}

/** The calls of one request. @param name of the call (default: all of them) */
export function callsOf({ calls, requests }: SystemCalls, name?: string): number {
  const counts = Object.entries(calls).filter(([one]) => name === undefined || one === name);
  return counts.reduce((sum, [, count]) => sum + count, 0) / requests;
}

/** Syncs of the disk without a server. */
export function syncsTable({ bench: { syncs } }: Findings): ReportTable {
  const heading = "The disk alone: the bytes of one insert, written and synced (fdatasync)";
  if (isNotMeasured(syncs)) return { heading, rows: [], why: syncs.why };
  return {
    heading,
    rows: [
      ["syncs", "count", "p50 ms", "p99 ms", "max ms", "per s at p50"],
      // The syncs with pauses between them are in the raw data.
      ...syncs.slice(0, 1).map(({ pauseMs, count, p50Ms, p99Ms, maxMs }) => [
        pauseMs === 0 ? "one after another" : `each after ${figure(pauseMs)} ms of idleness`,
        figure(count),
        ...[p50Ms, p99Ms, maxMs].map(milliseconds),
        figure(1e3 / p50Ms),
      ]),
    ],
  };
}

/** The course's solution and this one, with one client. */
export function courseTable(findings: Findings): ReportTable {
  const alone = (part: PartName, operation: Operation) =>
    pointWith(seriesWith(findings, part, operation), 1)?.sum ?? NaN;
  return {
    heading: "One client, ops/s: the course's figures, those here, and their ratio",
    rows: [
      ["operation", "course", "memory", "", "durable", "", "two hosts", ""],
      ...COURSE.map(({ operation, opsPerSecond, nearest }) => [
        nearest === operation ? operation : `${operation} (here: ${nearest})`,
        figure(opsPerSecond),
        ...REPORTED_PARTS.flatMap((part) => [
          figure(alone(part, nearest)),
          times(alone(part, nearest) / opsPerSecond),
        ]),
      ]),
    ],
  };
}

/** All operations of all reported parts. */
function allSeries(findings: Findings): Series[] {
  return REPORTED_PARTS.flatMap((part) => reportedSeries(findings, part));
}

function reportedSeries(findings: Findings, part: (typeof REPORTED_PARTS)[number]): Series[] {
  return seriesOf(findings, part).filter(({ operation }) => REPORTED[part].includes(operation));
}

/** The reason that a part is missing. */
function whyNoPart({ bench }: Findings, part: PartName): string {
  return (PARTS[part].hosts === 2 ? bench.twoHosts?.why : undefined) ??
    "it was not part of this run";
}

function whyNot(why: string | undefined): { why?: string } {
  return why === undefined ? {} : { why };
}
