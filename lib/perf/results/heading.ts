/** The heading of a report: the process, the server, and the plan, in a few lines. */
import { clientsText } from "../analysis/sweep_step.ts";
import type { RunSettings } from "./run_data.ts";
import type { RawData } from "./series.ts";

/** Returns the lines of the heading; each is a list that may be broken. */
export function headingLines(data: RawData): string[] {
  const { target, host, pid, seed, settings } = data;
  const at = serversText(data);
  const began = `Began at ${clockText(data.alignedUnixMs ?? data.startedUnixMs)}`;
  if (data.format === "testperf sweep" && data.sumOf !== undefined) {
    const { sumOf } = data;
    const hosts = new Set(sumOf.map(({ host }) => host)).size;
    const on = hosts > 1 ? ` on ${hosts} hosts` : "";
    return [
      `${target}: sum of ${sumOf.length} run${sumOf.length === 1 ? "" : "s"}${on}${at}`,
      planText({ ...settings, repeats: 1 }, true),
      began,
    ];
  }
  return [
    `${target}: testperf ${pid} on ${host}${at}`,
    planText(settings, data.format === "testperf sweep"),
    `${began}${othersText(data)}, --seed ${seed}`,
  ];
}

/** Maximum number of servers of a shared table in a heading; the number of further ones follows. */
const MAX_SERVERS = 8;

function serversText({ server, servers }: RawData): string {
  if (servers === undefined) return server === "" ? "" : `, server ${server}`;
  const shown = servers.slice(0, MAX_SERVERS).map(({ server, clients }, at) =>
    `${server} (${at === 0 ? clientsText(clients) : clients})`
  );
  const more = servers.length - shown.length;
  return `, servers ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A time of the wall clock for people: `12:00:05`. */
export function clockText(unixMs: number): string {
  return new Date(unixMs).toTimeString().slice(0, 8);
}

function othersText({ others, alignedUnixMs }: RawData): string {
  if (!others) return "";
  const count = `${others} other testperf process${others === 1 ? "" : "es"}`;
  return alignedUnixMs ? ` together with ${count}` : `, beside up to ${count}`;
}

function planText(settings: RunSettings, isSweep: boolean): string {
  const { clients, processes, ops, durationMs, warmupMs, pipeline, ratePerS } = settings;
  // Older files lack it.
  const { edgeMs = 0 }: Partial<RunSettings> = settings;
  const upTo = isSweep ? "up to " : "";
  return [
    `${upTo}${clientsText(clients)}`,
    ...(processes > 1 ? [`${upTo}${processes} processes`] : []),
    ...(settings.repeats > 1 ? [`${settings.repeats} rounds`] : []),
    durationMs === null
      ? `${ops?.toLocaleString("en-US")} operations each in a stage`
      : `stages of ${durationMs / 1e3} s (counted: ${(durationMs - 2 * edgeMs) / 1e3} s)`,
    ...(warmupMs > 0 ? [`${warmupMs / 1e3} s of warm-up`] : []),
    ...(ratePerS === null ? [] : [`${ratePerS} requests a second in all`]),
    ...(ratePerS === null && pipeline > 1 ? [`${pipeline} in flight`] : []),
    `keys of ${settings.keyBytes} and values of ${settings.valueBytes} bytes`,
  ].join(", ");
}
