/** The table of the machine and the settings of a run. */
import type { RunSettings } from "../../lib/perf/results/run_data.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import { DISTURBED_SHARE } from "../../lib/perf/results/sweep_rounds.ts";
import type { BenchData, Findings } from "./report_data.ts";
import { count, figure, type ReportTable } from "./text.ts";

/** The machine and the settings. */
export function siteTable({ bench, sweeps }: Findings): ReportTable {
  const all = Object.values(sweeps);
  // All sweeps of a run have the same settings, except for the number of clients.
  const settings = all[0]?.settings;
  return {
    heading: "What ran, and where",
    rows: [
      ...siteRows(bench),
      ...(settings === undefined ? [] : settingsRows(settings)),
      ["rounds", roundsText(all)],
      ["seeds", all.map(({ seed }) => String(seed)).join(", ")],
    ],
    words: 2,
  };
}

function siteRows(bench: BenchData): string[][] {
  const { site, startedUnixMs, seconds, command, isQuick, failures = [], unfinished = [] } = bench;
  const problems = [...failures, ...unfinished];
  const memory = site.memoryBytes === null ? "unknown" : `${figure(site.memoryBytes / 1e9)} GB`;
  const time = new Date(startedUnixMs).toISOString().slice(0, 16);
  return [
    ["run", `${command}, ${time}Z, ${figure(seconds)} s, code ${site.code}`],
    ...(isQuick ? [["quick", "it shows that everything works, and its figures are rough"]] : []),
    ...(problems.length === 0 ? [] : [["not complete", problems.join("; ")]]),
    ["machine", `${count(site.cores, "core")} of ${site.processor}, ${memory}, ${site.system}`],
    ["programs", site.versions.slice(0, 2).join(", ")],
    ["disk", site.disk],
  ];
}

function settingsRows(settings: RunSettings): string[][] {
  const { pipeline, processes, keys, keyBytes, valueBytes, durationMs, ops, warmupMs } = settings;
  const table = keys === null ? "as many keys as are inserted" : count(keys, "key");
  const length = durationMs === null
    ? `${figure(ops ?? NaN)} operations of each client`
    : `${figure(durationMs / 1e3)} s`;
  return [
    ["clients", `a connection each, ${count(pipeline, "request")} in flight`],
    ["processes", `one for each client, at most ${processes}`],
    ["stages", `${length}, after ${figure(warmupMs / 1e3)} s of warm-up`],
    ["table", `${table} of ${figure(keyBytes)} bytes, values of ${figure(valueBytes)} bytes`],
  ];
}

/** The rounds that count, and those that were repeated or are disturbed, of each sweep. */
function roundsText(sweeps: readonly SweepData[]): string {
  const all = sweeps.map(({ rounds = [], steps }) => {
    const kept = rounds.filter(({ isKept }) => isKept);
    return {
      // Data of earlier versions has no rounds.
      kept: steps[0]?.repeats.length ?? 0,
      // Rounds before an extension of the range have less steps.
      repeated: rounds.filter(({ isKept, order }) =>
        !isKept && order.length === steps.length
      ).length,
      disturbed: kept.filter(({ controlShare }) => controlShare < DISTURBED_SHARE).length,
    };
  });
  const each = (of: keyof (typeof all)[number]) => all.map((one) => one[of]).join(", ");
  return `${each("kept")} in T2, T3, T4; repeated: ${each("repeated")}; disturbed: ${
    each("disturbed")
  }`;
}
