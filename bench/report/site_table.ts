/** The table of the machine and the settings of a run. */
import type { RunSettings } from "../../lib/perf/results/run_data.ts";
import type { BenchData, Findings } from "./report_data.ts";
import { TABLES } from "./tables.ts";
import { count, figure, table } from "./text.ts";

/** The machine and the settings. */
export function siteTable({ bench, sweeps }: Findings): string {
  const all = Object.values(sweeps);
  // All sweeps of a run have the same settings, except for the number of clients.
  const settings = all[0]?.settings;
  return table(`${TABLES.site} What ran, and where`, [
    ...siteRows(bench),
    ...(settings === undefined ? [] : settingsRows(settings)),
    ...(bench.removeKeys === undefined ? [] : [[
      "removes",
      `a sweep of their own, on a table with ${count(bench.removeKeys, "key")} at its start`,
    ]]),
    ["seeds", all.map(({ seed }) => String(seed)).join(", ")],
  ], 2);
}

function siteRows(bench: BenchData): string[][] {
  const { site, startedUnixMs, seconds, command, isQuick, failures = [], unfinished = [] } = bench;
  const problems = [...failures, ...unfinished];
  return [
    ["command", command],
    [
      "run",
      isQuick ? "a quick one: it shows that everything works, and its figures are rough" : "full",
    ],
    ...(problems.length === 0 ? [] : [["not complete", problems.join("; ")]]),
    ["time", `${new Date(startedUnixMs).toISOString().slice(0, 16)}Z, ${figure(seconds)} s`],
    ["code", site.code],
    ["processor", `${count(site.cores, "core")} of ${site.processor}`],
    ["memory", site.memoryBytes === null ? "unknown" : `${figure(site.memoryBytes / 1e9)} GB`],
    ["system", site.system],
    ["programs", site.versions.join(", ")],
    ["disk", site.disk],
  ];
}

function settingsRows(settings: RunSettings): string[][] {
  const { pipeline, processes, repeats, keys, keyBytes, valueBytes, verify } = settings;
  const table = keys === null ? "as many keys as are inserted" : count(keys, "key");
  return [
    [
      "clients",
      `a connection each, with ${
        count(pipeline, "request")
      } in flight (closed loop: latencies are service times)`,
    ],
    ["processes", `at most ${processes} of testperf, over which the clients are spread`],
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
