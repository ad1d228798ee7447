/** Artificial experiments: the runs of processes that measured together, one group after another. */
import type { RunData } from "../../../lib/perf/results/run_data.ts";
import type { RunFile } from "../../../lib/perf/sum/run_file.ts";
import { clientData, operationData, runWith, settingsWith, stageData } from "../raw_data.ts";

/** Counted time of a stage, in seconds. */
const STAGE_S = 1.6;

/** Time from one stage to the next, in milliseconds. */
const SLOT_MS = 2_000;

const STAGES = ["insert", "lookup", "scan", "remove"] as const;

/** A run of some clients that begins at a time. */
interface RunPlan {
  readonly file: string;
  readonly startedUnixMs: number;
  /** Operations of each client in each stage. */
  readonly opsOfEach: readonly number[];
}

/** Makes the result of a run. */
export function runFile(
  { file, startedUnixMs, opsOfEach }: RunPlan,
  changes: Partial<RunData> = {},
): RunFile {
  const stages = STAGES.map((name, at) =>
    stageData(
      name,
      opsOfEach.map((ops) => clientData(operationData(ops, STAGE_S, [1, 2]), name)),
      { startedUnixMs: startedUnixMs + at * SLOT_MS + 200 },
    )
  );
  const data = runWith(stages, {
    startedUnixMs,
    settings: settingsWith({ clients: opsOfEach.length, ops: null, durationMs: 2_000 }),
    instance: "instance-1",
    table: "table-1",
    host: "host",
    // The names of files are unique, and so are processes.
    pid: [...file].reduce((sum, letter) => 31 * sum + letter.charCodeAt(0), 7),
    alignedUnixMs: startedUnixMs,
    others: null,
    ...changes,
  });
  return { file, data };
}

/** Makes the results of groups of processes with one client each, 10 s after each other. */
export function experiment(...groups: readonly (readonly number[])[]): RunFile[] {
  return groups.flatMap((clients, group) =>
    clients.map((ops, at) =>
      runFile({
        file: `${group}${"abcdefgh"[at]}.json`,
        startedUnixMs: 1_800_000_000_000 + group * 10_000,
        opsOfEach: [ops],
      }, { others: clients.length - 1 })
    )
  );
}

/** Replaces members of the run at an index. */
export function changed(
  runs: readonly RunFile[],
  at: number,
  changes: Partial<RunData>,
): RunFile[] {
  return runs.map((run, of) => of === at ? { ...run, data: { ...run.data, ...changes } } : run);
}

/** Replaces settings of the run at an index. */
export function withSettings(
  runs: readonly RunFile[],
  at: number,
  changes: Partial<RunData["settings"]>,
): RunFile[] {
  const settings = runs[at]?.data.settings;
  return settings === undefined ? [] : changed(runs, at, { settings: { ...settings, ...changes } });
}

/**
 * Starts all stages of the run at an index later, or only the stage at `only`. The process is started
 * when it was.
 */
export function delayed(
  runs: readonly RunFile[],
  at: number,
  ms: number,
  only?: number,
): RunFile[] {
  const stages = runs[at]?.data.stages ?? [];
  return changed(runs, at, {
    stages: stages.map((stage, of) => {
      const isDelayed = only === undefined || of === only;
      return { ...stage, startedUnixMs: stage.startedUnixMs + (isDelayed ? ms : 0) };
    }),
  });
}
