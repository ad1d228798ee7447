/**
 * The sum of runs by several processes or machines (`testperf --sum`). Runs that measured together
 * become one repeat of the step with their number of clients; all steps are a sweep.
 */
import { plainLine } from "../../base/quote.ts";
import { mergeStages } from "../measure/merge.ts";
import { errorCount, type StageData } from "../measure/stage_data.ts";
import type { RunData, ServerClients } from "../results/run_data.ts";
import { analyzeSweep, stagesIn } from "../results/sweep_analysis.ts";
import {
  type StepData,
  type SumSource,
  type SweepData,
  withoutClientHistograms,
} from "../results/sweep_data.ts";
import { checkAgreement } from "./agreement.ts";
import { clientsOf, type Group, groupRuns } from "./groups.ts";
import { readRunFiles, type RunFile, SumError } from "./run_file.ts";

/** A sum. */
export interface Sum {
  readonly data: SweepData;
  /** Sentences on parts that do not count. */
  readonly notes: readonly string[];
  /** Whether every operation of its runs succeeded. */
  readonly isGood: boolean;
}

/**
 * Reads results of `--json`, and adds them up.
 *
 * @throws {SumError} if they are not results of one experiment
 */
export async function sumFiles(
  files: readonly string[],
  read: (file: string) => Promise<string>,
): Promise<Sum> {
  return sumRuns(await readRunFiles(files, read));
}

/**
 * Adds up runs.
 *
 * @param runs at least one
 * @throws {SumError} if they are not results of one experiment
 */
export function sumRuns(runs: readonly RunFile[]): Sum {
  checkAgreement(runs);
  const groups = groupRuns(runs);
  const [first] = runs;
  if (first === undefined) throw new RangeError("There are no runs to add up");
  const { format: _, stages: __, ...common } = first.data;
  const { seed, settings } = common;
  const byClients = [...Map.groupBy(groups, (group) => clientsOf(group.runs))].toSorted((
    [a],
    [b],
  ) => a - b);
  const steps: StepData[] = byClients.map(([clients, repeats]) => ({
    clients,
    repeats: repeats.map(mergeGroup),
  }));
  const [clients, largest] = byClients.at(-1) ?? [0, []];
  const ofAllClients = (value: number | null) =>
    value === null ? null : value / settings.clients * clients;
  const earliest = runs.reduce(
    (earliest, { data }) => data.startedUnixMs < earliest.startedUnixMs ? data : earliest,
    first.data,
  );
  const data: SweepData = {
    ...common,
    format: "testperf sweep",
    ...(common.servers && { servers: serversOf(largest[0]) }),
    startedUnixMs: earliest.startedUnixMs,
    alignedUnixMs: earliest.alignedUnixMs,
    // Every process that the runs saw is one of them.
    others: common.others === null ? null : 0,
    settings: {
      ...settings,
      clients,
      processes: Math.max(...largest.map(processesOf)),
      keys: ofAllClients(settings.keys),
      ratePerS: ofAllClients(settings.ratePerS),
      repeats: Math.max(...byClients.map(([, repeats]) => repeats.length)),
    },
    steps,
    analysis: analyzeSweep(steps, seed),
    unmeasuredErrors: total(runs, ({ data }) => data.unmeasuredErrors),
    complete: true,
    failure: null,
    sumOf: runs.map(sourceOf),
  };
  const failures = runs.flatMap(({ file, data }) => {
    const failed = failuresOf(data);
    return failed === 0 ? [] : [`'${file}': ${failed} operations failed and do not count`];
  });
  const notes = [
    ...groups.flatMap(({ leftOut }) => [...leftOut.values()]),
    ...failures,
    ...scanNotes(data),
  ];
  return { data, notes: notes.map(plainLine), isGood: failures.length === 0 };
}

function sourceOf({ file, data }: RunFile): SumSource {
  const { host, pid, settings: { clients }, startedUnixMs } = data;
  return { file, host, pid, clients, startedUnixMs };
}

/** Merges runs that measured together into one run of all their clients. */
function mergeGroup({ runs, leftOut }: Group): StageData[] {
  const stages = runs[0]?.data.stages ?? [];
  try {
    return stages.flatMap(({ stage }, at) =>
      leftOut.has(stage)
        ? []
        : [withoutClientHistograms(mergeStages(runs.flatMap(({ data }) => data.stages[at] ?? [])))]
    );
  } catch {
    // Only the histograms were not checked when the files were read.
    throw new SumError(runs.map(({ file }) => file), "one of them has a damaged histogram");
  }
}

/** Adds up the clients of runs that measured together, by server. */
function serversOf(group: Group | undefined): ServerClients[] {
  const clientsAt = new Map<string, number>();
  for (const { server, clients } of group?.runs.flatMap(({ data }) => data.servers ?? []) ?? []) {
    clientsAt.set(server, (clientsAt.get(server) ?? 0) + clients);
  }
  return [...clientsAt].map(([server, clients]) => ({ server, clients }));
}

function processesOf({ runs }: Group): number {
  return total(runs, ({ data }) => data.settings.processes);
}

/** With a number of keys for each client, the table grows with the clients. */
function scanNotes({ steps, settings: { keys, clients } }: SweepData): string[] {
  if (steps.length < 2 || keys === null || !stagesIn(steps).includes("scan")) return [];
  return [
    `scan: each scan reads the whole table, which has ${
      Math.round(keys / clients).toLocaleString("en-US")
    } keys for each client, so a scan takes longer with more clients`,
  ];
}

function failuresOf({ stages, unmeasuredErrors }: RunData): number {
  return unmeasuredErrors +
    total(stages, ({ sum, warmupErrors }) => errorCount(sum.errors) + errorCount(warmupErrors));
}

function total<One>(all: readonly One[], value: (one: One) => number): number {
  return all.reduce((sum, one) => sum + value(one), 0);
}
