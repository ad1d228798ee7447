/** The table of what ran, and where. */
import type { RunSettings } from "../../lib/perf/results/run_data.ts";
import { type BenchData, type Findings, problemsOf } from "./report_data.ts";
import { TABLES } from "./table_numbers.ts";
import { counted, figure, table } from "./text.ts";

/** Where it ran, and how. */
export function siteTable({ bench, sweeps }: Findings): string {
  const all = Object.values(sweeps);
  // All sweeps of a run have the same settings, but for the most clients.
  const settings = all[0]?.settings;
  return table(`${TABLES.site} What ran, and where`, [
    ...siteRows(bench),
    ...(settings === undefined ? [] : settingsRows(settings)),
    ...(bench.removeKeys === undefined ? [] : [[
      "removes",
      `a sweep of their own, that begins with ${counted(bench.removeKeys, "key")}`,
    ]]),
    ["seeds", all.map(({ seed }) => String(seed)).join(", ")],
  ], 2);
}

function siteRows(bench: BenchData): string[][] {
  const { site, startedUnixMs, seconds, command, isQuick } = bench;
  const problems = problemsOf(bench);
  return [
    ["command", command],
    [
      "run",
      isQuick ? "a short one: it shows that everything works, and its figures are rough" : "full",
    ],
    ...(problems.length === 0 ? [] : [["not complete", problems.join("; ")]]),
    ["time", `${new Date(startedUnixMs).toISOString().slice(0, 16)}Z, ${figure(seconds)} s`],
    ["code", site.code],
    ["processor", `${counted(site.cores, "core")} of ${site.processor}`],
    ["memory", site.memoryBytes === null ? "unknown" : `${figure(site.memoryBytes / 1e9)} GB`],
    ["system", site.system],
    ["programs", site.versions.join(", ")],
    ["disk", site.disk],
  ];
}

function settingsRows(settings: RunSettings): string[][] {
  const { pipeline, processes, repeats, keys, keyBytes, valueBytes, verify } = settings;
  const table = keys === null ? "as many keys as are inserted" : counted(keys, "key");
  return [
    [
      "clients",
      `a connection each, with ${
        counted(pipeline, "request")
      } in flight (closed loop: latencies are service times)`,
    ],
    ["processes", `${processes} of testperf: as many clients, and fewer, have one each`],
    ["stages", stageText(settings)],
    ["runs", `${figure(repeats)} of each number of clients`],
    ["table", `${table} of ${figure(keyBytes)} bytes, values of ${figure(valueBytes)} bytes`],
    ["checked", verify ? "every value that comes back" : "nothing"],
  ];
}

function stageText({ durationMs, ops, warmupMs }: RunSettings): string {
  const length = durationMs === null
    ? `${figure(ops ?? NaN)} operations of each client`
    : `${figure(durationMs / 1e3)} s, or until all keys are removed`;
  return `${length}; before, ${figure(warmupMs / 1e3)} s of warm-up that is not measured`;
}
