/** The tables of the report, as plain text. Each has a number, under which the text cites it. */
import type { Operation } from "../../lib/perf/workload/operation.ts";
import { percent } from "../harness/tables.ts";
import {
  type Findings,
  isNotMeasured,
  type PartName,
  PARTS,
  type SystemCalls,
} from "./report_data.ts";
import { lastPoint, levelPoint, pointWith, type Series, seriesOf, seriesWith } from "./series.ts";
import { figure, gain, milliseconds, table, times, wrapped } from "./text.ts";

/** The numbers of the tables that are not raw data. */
export const TABLES = {
  site: "[T1]",
  levels: "[T12]",
  clients: "[T13]",
  operations: "[T14]",
  durable: "[T15]",
  processors: "[T16]",
  systemCalls: "[T17]",
  syncs: "[T18]",
  twoHosts: "[T19]",
  course: "[T20]",
} as const;

/** The numbers of the raw data, by part and operation. */
const RAW: Readonly<Partial<Record<PartName, Readonly<Partial<Record<Operation, string>>>>>> = {
  "memory": { insert: "[T2]", lookup: "[T3]", scan: "[T4]", remove: "[T5]" },
  "durable": { insert: "[T6]", lookup: "[T7]", scan: "[T8]", remove: "[T9]" },
  "two-hosts-memory": { insert: "[T10]", lookup: "[T11]" },
};

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

/** Single clients in one line. */
const CLIENTS_PER_LINE = 10;

/** System calls that are named; the others are only in the sum. */
const NAMED_CALLS = 4;

/** The parts in the report, in their order. */
const REPORTED_PARTS = ["memory", "durable", "two-hosts-memory"] as const;

/** One operation at all numbers of clients: first the aggregate, then each client. */
export function rawTables(findings: Findings, part: PartName, operation: Operation): string {
  const series = seriesWith(findings, part, operation);
  const heading = `${RAW[part]?.[operation] ?? ""} ${operation}, ${PARTS[part].title}`;
  if (series === undefined) return notMeasured(heading, whyNoPart(findings, part));
  return `${sumTable(heading, series)}\n\n${eachTable(series)}`;
}

function sumTable(heading: string, { points }: Series): string {
  const repeats = Math.max(...points.map(({ sums }) => sums.length));
  const rows = points.map((point, at) => {
    const before = points[at - 1];
    return [
      String(point.clients),
      ...Array.from({ length: repeats }, (_, repeat) => figure(point.sums[repeat] ?? NaN)),
      figure(point.sum),
      before === undefined ? "" : gain(point.sum / before.sum - 1),
      figure(point.each),
      ...[point.meanMs, point.p50Ms, point.p99Ms, point.maxMs].map(milliseconds),
    ];
  });
  const names = Array.from({ length: repeats }, (_, repeat) => `run ${repeat + 1}`);
  return table(
    `${heading}: ops/s of all clients together in each run, their median, its gain over the line above, the median for each client, and latency in ms`,
    [["clients", ...names, "sum", "gain", "each", "mean", "p50", "p99", "max"], ...rows],
    0,
  );
}

function eachTable({ points }: Series): string {
  const rows = points.flatMap(({ clients, perClient }) => {
    const lines: string[][] = [];
    for (let at = 0; at < perClient.length; at += CLIENTS_PER_LINE) {
      const each = perClient.slice(at, at + CLIENTS_PER_LINE).map(figure);
      lines.push([at === 0 ? String(clients) : "", ...each]);
    }
    return lines;
  });
  const most = Math.max(...rows.map(({ length }) => length));
  const even = rows.map((row) => [...row, ...new Array<string>(most - row.length).fill("")]);
  return table("ops/s of each client, in the run whose sum is the median:", [
    ["clients", "each", ...new Array<string>(most - 2).fill("")],
    ...even,
  ], 0);
}

/** The plateau of each operation. */
export function levelsTable(findings: Findings): string {
  const rows = allSeries(findings).map((series) => {
    const { title, points, analysis } = series;
    const best = points.reduce((most, point) => point.sum > most.sum ? point : most);
    const usl = analysis?.usl;
    const fit = usl === undefined || "why" in usl ? undefined : usl;
    return [
      title,
      `${figure(best.sum)} (${best.clients})`,
      (analysis?.plateau.verdict ?? "-").replace("levels out", "level"),
      figure(analysis?.plateau.clients ?? NaN),
      percent(analysis?.plateau.noiseShare ?? NaN),
      fit?.sigma.value.toFixed(3) ?? "-",
      fit?.kappa.value.toFixed(4) ?? "-",
      figure(Math.round(fit?.peak?.clients.value ?? NaN)),
      fit?.limit.by ?? "-",
    ];
  });
  return table(
    `${TABLES.levels} Growing numbers of clients: the most ops/s of all clients together (number of clients), the verdict on a plateau and its number of clients, the noise of the runs, and the Universal Scalability Law: contention, coherency, clients at its peak, limit`,
    [["operation", "most", "verdict", "at", "noise", "sigma", "kappa", "peak", "limit"], ...rows],
  );
}

/** A single client alone and among others. */
export function clientsTable(findings: Findings): string {
  const rows = allSeries(findings).map((series) => {
    const last = lastPoint(series);
    const one = series.points[0];
    return [
      series.title,
      figure(one?.each ?? NaN),
      String(last.clients),
      figure(last.each),
      percent(last.each / (one?.each ?? NaN)),
      percent(Math.min(...series.points.map(({ fairness }) => fairness))),
      milliseconds(one?.p99Ms ?? NaN),
      milliseconds(last.p99Ms),
    ];
  });
  return table(
    `${TABLES.clients} One client: its ops/s alone and among the most clients, and the share that is left; the slowest client of any run by the fastest of the same run; p99 in ms, alone and among the most`,
    [["operation", "alone", "clients", "each", "left", "slowest", "p99 alone", "p99"], ...rows],
  );
}

/** Each operation compared with lookup. */
export function operationsTable(findings: Findings): string {
  const rows = allSeries(findings).map((series) => {
    const lookup = seriesWith(findings, series.part, "lookup");
    const level = levelPoint(series);
    const one = series.points[0];
    return [
      series.title,
      milliseconds(one?.meanMs ?? NaN),
      times((one?.meanMs ?? NaN) / (lookup?.points[0]?.meanMs ?? NaN)),
      String(level.clients),
      figure(level.sum),
      times(level.sum / (lookup === undefined ? NaN : levelPoint(lookup).sum)),
    ];
  });
  return table(
    `${TABLES.operations} Operations compared with lookup: mean latency of one client in ms, and by that of lookup; clients at the plateau (or the most), ops/s there, and by those of lookup`,
    [["operation", "mean", "of lookup", "clients", "ops/s", "of lookup"], ...rows],
  );
}

/** The durable table compared with the one in memory. */
export function durableTable(findings: Findings): string {
  return ratioTable(
    `${TABLES.durable} Durable as a multiple of in memory: ops/s of all clients together, by number of clients`,
    findings,
    "durable",
    "memory",
  );
}

/** Two hosts compared with one host. */
export function twoHostsTable(findings: Findings): string {
  const heading =
    `${TABLES.twoHosts} Two hosts as a multiple of one, in memory: ops/s of all clients together, by number of clients`;
  return ratioTable(heading, findings, "two-hosts-memory", "memory");
}

function ratioTable(heading: string, findings: Findings, above: PartName, below: PartName): string {
  const pairs = seriesOf(findings, above).map((series) =>
    [series, seriesWith(findings, below, series.operation)] as const
  );
  if (pairs.length === 0) return notMeasured(heading, whyNoPart(findings, above));
  const clients = [
    ...new Set(
      pairs.flatMap(([series, other]) =>
        series.points.map((point) => point.clients).filter((count) => pointWith(other, count))
      ),
    ),
  ].toSorted((a, b) => a - b);
  return table(heading, [
    ["operation", ...clients.map(String)],
    ...pairs.map(([series, other]) => [
      series.operation,
      ...clients.map((count) =>
        times((pointWith(series, count)?.sum ?? NaN) / (pointWith(other, count)?.sum ?? NaN))
      ),
    ]),
  ]);
}

/** Processor shares. */
export function processorsTable(findings: Findings): string {
  const heading =
    `${TABLES.processors} Processor time during the stages, as shares of one core (of all cores for "machine"): the server's event loop running, and waiting for a free core; the whole server process; all client processes; other programs and the kernel; the machine. With one client, and at the plateau (or the most clients)`;
  const why = findings.bench.parts.flatMap(({ shares }) => isNotMeasured(shares) ? shares.why : []);
  if (why[0] !== undefined) return notMeasured(heading, why[0]);
  const rows = allSeries(findings).flatMap((series) =>
    [...new Set([series.points[0], levelPoint(series)])].flatMap((point) => {
      const shares = point?.shares;
      if (point === undefined || shares === undefined) return [];
      const { thread, waiting, server, clients, others, machine } = shares;
      const figures = [thread, waiting, server, clients, others, machine].map(percent);
      return [[series.title, String(point.clients), ...figures]];
    })
  );
  const names = ["event loop", "waiting", "server", "clients", "others", "machine"];
  return table(heading, [["operation", "clients", ...names], ...rows]);
}

/** System calls of the server. */
export function systemCallsTable({ bench: { systemCalls } }: Findings): string {
  const heading =
    `${TABLES.systemCalls} System calls of the server for one request (strace, in a short run of its own, since tracing slows down the server)`;
  if (isNotMeasured(systemCalls)) return notMeasured(heading, systemCalls.why);
  const rows = systemCalls.map((one) => [
    `${one.operation}, ${one.isDurable ? "durable" : "in memory"}`,
    namedCalls(one),
    String(one.clients),
    callsPerRequest(one).toFixed(2),
  ]);
  return table(heading, [["operation", "most frequent", "clients", "calls"], ...rows], 2);
}

function callsPerRequest({ calls, requests }: SystemCalls): number {
  return Object.values(calls).reduce((sum, count) => sum + count, 0) / requests;
}

function namedCalls({ calls, requests }: SystemCalls): string {
  return Object.entries(calls).toSorted(([, a], [, b]) => b - a).slice(0, NAMED_CALLS)
    .map(([name, count]) => `${name} ${(count / requests).toFixed(2)}`).join(", ");
}

/** Syncs of the disk without a server. */
export function syncsTable({ bench: { syncs } }: Findings): string {
  const heading =
    `${TABLES.syncs} The disk alone: the bytes of one insert, written and synced (fdatasync), in ms`;
  if (isNotMeasured(syncs)) return notMeasured(heading, syncs.why);
  const rows = syncs.map(({ pauseMs, count, p50Ms, p99Ms, maxMs }) => [
    pauseMs === 0 ? "one after another" : `each after ${figure(pauseMs)} ms of idleness`,
    figure(count),
    ...[p50Ms, p99Ms, maxMs].map(milliseconds),
    figure(1e3 / p50Ms),
  ]);
  return table(heading, [["syncs", "count", "p50", "p99", "max", "syncs/s at p50"], ...rows]);
}

/** The course's solution and this one, with one client. */
export function courseTable(findings: Findings): string {
  const rows = COURSE.map(({ operation, opsPerSecond, nearest }) => {
    const alone = (part: PartName) => pointWith(seriesWith(findings, part, nearest), 1)?.sum ?? NaN;
    return [
      nearest === operation ? operation : `${operation} (here: ${nearest})`,
      figure(opsPerSecond),
      milliseconds(1e3 / opsPerSecond),
      ...REPORTED_PARTS.flatMap((part) => [figure(alone(part)), times(alone(part) / opsPerSecond)]),
    ];
  });
  return table(
    `${TABLES.course} One client, ops/s: the course's figures (and the ms of one operation), and here in memory, durable, and in memory from another host, each also by the course's figure`,
    [["operation", "course", "ms", "memory", "", "durable", "", "two hosts", ""], ...rows],
  );
}

/** All operations of all reported parts. */
function allSeries(findings: Findings): Series[] {
  return REPORTED_PARTS.flatMap((part) => seriesOf(findings, part));
}

/** The reason that a part, or one of its operations, is missing. */
function whyNoPart({ bench }: Findings, part: PartName): string {
  return (PARTS[part].hosts === 2 ? bench.twoHosts?.why : undefined) ??
    "it was not part of this run";
}

function notMeasured(heading: string, why: string): string {
  return `${wrapped(heading)}\n\n${wrapped(`not measured: ${why}`)}`;
}
