/** The tables of the report, as plain text. */
import type { Operation } from "../../lib/perf/workload/operation.ts";
import { COURSE } from "./course.ts";
import { type Findings, isNotMeasured, type PartName, PARTS } from "./report_data.ts";
import { lastPoint, levelPoint, pointWith, type Series, seriesOf, seriesWith } from "./series.ts";
import type { SystemCalls } from "./system_calls.ts";
import { rawTable, TABLES } from "./table_numbers.ts";
import { figure, gain, milliseconds, percent, table, times, wrapped } from "./text.ts";

/** Operations a second of single clients in one line. */
const CLIENTS_A_LINE = 10;

/** Kinds of system calls that are named; the others are counted together. */
const NAMED_CALLS = 4;

/** Parts of which the report has tables, in their order. */
export const REPORTED_PARTS = ["memory", "durable", "two-hosts-memory"] as const;

/** All numbers of clients of one operation: first the sum, then each client. */
export function rawTables(findings: Findings, part: PartName, operation: Operation): string {
  const series = seriesWith(findings, part, operation);
  const heading = `${rawTable(part, operation)} ${operation}, ${PARTS[part].title}`;
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
    `${heading}: ops/s of all clients together in each run, their median and its gain over the line above, the median shared by the clients, and latency in ms`,
    [["clients", ...names, "sum", "gain", "each", "mean", "p50", "p99", "max"], ...rows],
    0,
  );
}

function eachTable({ points }: Series): string {
  const rows = points.flatMap(({ clients, perClient }) => {
    const lines: string[][] = [];
    for (let at = 0; at < perClient.length; at += CLIENTS_A_LINE) {
      const each = perClient.slice(at, at + CLIENTS_A_LINE).map(figure);
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

/** Where each operation of each part levels out. */
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
    `${TABLES.levels} Growing numbers of clients: the most ops/s of all clients together (with how many), whether and where it levels out, the noise of the runs, and the Universal Scalability Law: contention, coherency, clients at its peak, what limits`,
    [[
      "operation",
      "most",
      "verdict",
      "at",
      "noise",
      "sigma",
      "kappa",
      "peak",
      "limit",
    ], ...rows],
  );
}

/** A single client among others. */
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
    `${TABLES.clients} One client among others: its ops/s alone and among the most clients, and what that is of its throughput alone; the slowest client of any run against the fastest of the same run; p99 in ms, alone and among the most`,
    [["operation", "alone", "clients", "each", "left", "slowest", "p99 alone", "p99"], ...rows],
  );
}

/** The operations side by side. */
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
    `${TABLES.operations} Operations beside lookup: mean latency of one client in ms, and how many times lookup's that is; clients at the level (or the most), ops/s there, and how many times lookup's`,
    [["operation", "mean", "of lookup", "clients", "ops/s", "of lookup"], ...rows],
  );
}

/** Durable by in-memory. */
export function durableTable(findings: Findings): string {
  return ratioTable(
    `${TABLES.durable} Durable as a multiple of in memory: ops/s of all clients together, by number of clients`,
    findings,
    "durable",
    "memory",
  );
}

/** Two hosts by one. */
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

/** Who had the processors. */
export function processorsTable(findings: Findings): string {
  const heading =
    `${TABLES.processors} Processors during the stages, as shares of one core (of all cores for "machine"): the server's event loop running, and waiting for a free core; the whole server process; all client processes together; whoever else, the kernel included; the machine. With one client, and at the level (or with the most clients)`;
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

/** What the server asks of the operating system. */
export function systemCallsTable({ bench: { systemCalls } }: Findings): string {
  const heading =
    `${TABLES.systemCalls} System calls of the server for one request (strace, in a short run of its own: tracing makes everything slower)`;
  if (isNotMeasured(systemCalls)) return notMeasured(heading, systemCalls.why);
  const rows = systemCalls.map((one) => [
    `${one.operation}, ${one.isDurable ? "durable" : "in memory"}`,
    namedCalls(one),
    String(one.clients),
    callsPerRequest(one).toFixed(2),
  ]);
  return table(heading, [["operation", "most frequent", "clients", "calls"], ...rows], 2);
}

/** All system calls by the requests. */
export function callsPerRequest({ calls, requests }: SystemCalls): number {
  return Object.values(calls).reduce((sum, count) => sum + count, 0) / requests;
}

function namedCalls({ calls, requests }: SystemCalls): string {
  return Object.entries(calls).toSorted(([, a], [, b]) => b - a).slice(0, NAMED_CALLS)
    .map(([name, count]) => `${name} ${(count / requests).toFixed(2)}`).join(", ");
}

/** What the disk takes. */
export function syncsTable({ bench: { syncs } }: Findings): string {
  const heading =
    `${TABLES.syncs} The disk alone: one insert's bytes written and forced to it (fdatasync), in ms`;
  if (isNotMeasured(syncs)) return notMeasured(heading, syncs.why);
  const rows = syncs.map(({ pauseMs, count, p50Ms, p99Ms, maxMs }) => [
    pauseMs === 0 ? "one after the other" : `after ${figure(pauseMs)} ms of idleness`,
    figure(count),
    ...[p50Ms, p99Ms, maxMs].map(milliseconds),
    figure(1e3 / p50Ms),
  ]);
  return table(heading, [["syncs", "count", "p50", "p99", "max", "syncs/s at p50"], ...rows]);
}

/** The course's solution beside this one, with one client. */
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
    `${TABLES.course} One client, ops/s: the course's figures (with the ms of one operation that follow from them), and here in memory, durable, and in memory from another host, each also as a multiple of the course's`,
    [[
      "operation",
      "course",
      "ms",
      "memory",
      "",
      "durable",
      "",
      "two hosts",
      "",
    ], ...rows],
  );
}

/** All operations of all parts that the report has tables of. */
export function allSeries(findings: Findings): Series[] {
  return REPORTED_PARTS.flatMap((part) => seriesOf(findings, part));
}

/** Why a part, or one of its operations, is not there. */
export function whyNoPart({ bench }: Findings, part: PartName): string {
  return (PARTS[part].hosts === 2 ? bench.twoHosts?.why : undefined) ??
    "it was not part of this run";
}

function notMeasured(heading: string, why: string): string {
  return `${wrapped(heading)}\n\n${wrapped(`not measured: ${why}`)}`;
}
