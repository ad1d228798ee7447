/**
 * The check that runs may be in one table: whole runs of one server, with the same stages and settings.
 * Otherwise the number of clients is not the only difference between the rows.
 */
import type { RunData } from "../results/run_data.ts";
import { settingsDifferences } from "../results/settings_diff.ts";
import { type RunFile, SumError } from "./run_file.ts";

/** Settings that may differ: processes are added up, and machines can name the server differently. */
const FREE_SETTINGS: ReadonlySet<string> = new Set(["processes", "host of the server"]);

/** Settings of all clients of a process, which can have any number of clients. */
const PER_CLIENT: ReadonlySet<string> = new Set(["keys", "rate"]);

/** Checks the runs, which are at least one. @throws {SumError} with the files and what differs */
export function checkAgreement(runs: readonly RunFile[]): void {
  const [first] = runs;
  if (first === undefined) throw new RangeError("There are no runs to add up");
  for (const run of runs) checkWhole(run);
  checkDistinct(runs);
  for (const run of runs) {
    const difference = differenceOf(first.data, run.data);
    if (difference !== undefined) throw new SumError([first.file, run.file], difference);
  }
}

function checkWhole({ file, data: { complete, failure, stages } }: RunFile): void {
  if (complete && stages.length > 0) return;
  throw new SumError([file], `it is not complete: ${failure ?? "a stage ended early"}`);
}

function checkDistinct(runs: readonly RunFile[]): void {
  const seen = new Map<string, RunFile>();
  for (const run of runs) {
    const { host, pid, startedUnixMs, seed } = run.data;
    const identity = JSON.stringify([host, pid, startedUnixMs, seed]);
    const before = seen.get(identity);
    if (before !== undefined) {
      const time = new Date(startedUnixMs).toISOString();
      // Older files lack host and process.
      const by = host === undefined ? "" : `, of process ${pid} on ${host}`;
      throw new SumError(
        [before.file, run.file],
        `they are the same run${by}, started at ${time}`,
      );
    }
    seen.set(identity, run);
  }
}

/** Describes the first difference that forbids a common table. */
function differenceOf(one: RunData, other: RunData): string | undefined {
  return serverDifference(one, other) ?? stagesDifference(one, other) ??
    settingsDifference(one, other);
}

function serverDifference(one: RunData, other: RunData): string | undefined {
  const differ = (what: string, a: string, b: string) =>
    a === b ? undefined : `they measured different ${what} (${a}, and ${b})`;
  // The servers of a shared table are equal, and so are their processes.
  if (one.servers !== undefined && other.servers !== undefined) {
    return differ("tables", one.table ?? "none", other.table ?? "none");
  }
  if (one.instance && other.instance) {
    return differ("tables", one.table ?? "none", other.table ?? "none") ??
      differ(
        "processes of the server: it was restarted between them",
        one.instance,
        other.instance,
      );
  }
  const text = ({ target, server }: RunData) => `${target} at ${server}`;
  return differ("servers", text(one), text(other));
}

function stagesDifference(one: RunData, other: RunData): string | undefined {
  const text = ({ stages }: RunData) => stages.map(({ stage }) => stage).join(", ");
  if (text(one) === text(other)) return undefined;
  return `their stages differ (${text(one)}; and ${text(other)})`;
}

function settingsDifference(one: RunData, other: RunData): string | undefined {
  const differences = settingsDifferences(perClient(one), perClient(other))
    .filter(({ name }) => !FREE_SETTINGS.has(name))
    .map(({ name, before, after }) => {
      const each = PER_CLIENT.has(name) ? " of each client" : "";
      return `${name}${each}: ${before}, and ${after}`;
    });
  return differences.length === 0 ? undefined : `their settings differ (${differences.join("; ")})`;
}

/** Divides the settings of all clients by their number. */
function perClient(run: RunData): RunData {
  const { clients, keys, ratePerS } = run.settings;
  const share = (all: number | null) => all === null ? null : all / clients;
  return { ...run, settings: { ...run.settings, keys: share(keys), ratePerS: share(ratePerS) } };
}
