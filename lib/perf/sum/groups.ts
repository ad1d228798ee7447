/**
 * The groups of runs that measured together. Throughputs may be added up only if all clients measured
 * the same stage at the same time: a client whose neighbors are between two stages gets more.
 */
import { clientsText } from "../analysis/sweep_step.ts";
import type { StageData } from "../measure/stage_data.ts";
import type { RunData } from "../results/run_data.ts";
import { type RunFile, SumError } from "./run_file.ts";

/** Minimum overlap of a stage of all runs of a group, as a share of the time from first to last. */
const MIN_OVERLAP = 0.95;

interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Runs that measured together. */
export interface Group {
  readonly runs: readonly RunFile[];
  /** The stages that some runs ended before the others, and why they have no sum, in a sentence. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/**
 * Groups the runs that measured together, in order of time.
 *
 * @param runs with the same stages
 * @throws {SumError} if runs measured together only in part, or a run of the group is missing
 */
export function groupRuns(runs: readonly RunFile[]): Group[] {
  const groups: RunFile[][] = [];
  let endMs = -Infinity;
  for (const run of runs.toSorted((a, b) => spanOf(a.data).fromMs - spanOf(b.data).fromMs)) {
    const { fromMs, toMs } = spanOf(run.data);
    const last = groups.at(-1);
    if (last !== undefined && fromMs < endMs) last.push(run);
    else groups.push([run]);
    endMs = Math.max(endMs, toMs);
  }
  const incomplete = groups.filter((group) => missingOf(group) > 0);
  return groups.map((group) => {
    const leftOut = checkOverlap(group);
    checkOthers(group, incomplete.length > 1);
    return { runs: group, leftOut };
  });
}

/** Computes from the overlap of all intervals its share of the time from the first to the last. */
function overlapShare(intervals: readonly Interval[]): number {
  const starts = intervals.map(({ fromMs }) => fromMs);
  const ends = intervals.map(({ toMs }) => toMs);
  const unionMs = Math.max(...ends) - Math.min(...starts);
  const commonMs = Math.min(...ends) - Math.max(...starts);
  return unionMs === 0 ? 1 : Math.max(0, commonMs) / unionMs;
}

/** @returns the stages that are left out */
function checkOverlap(group: readonly RunFile[]): Map<string, string> {
  const leftOut = new Map<string, string>();
  for (const at of group[0]?.data.stages.keys() ?? []) {
    const runs = group.flatMap((run) => {
      const stage = run.data.stages[at];
      return stage === undefined ? [] : [{ ...run, stage, interval: intervalOf(stage) }];
    });
    const share = overlapShare(runs.map(({ interval }) => interval));
    if (share >= MIN_OVERLAP) continue;
    const [one, other] = farthest(runs);
    const early = earlyEnd(runs);
    if (early !== undefined) {
      const { file, stage: { stage, sum, ended } } = early;
      leftOut.set(
        stage,
        `${stage} with ${clientsText(clientsOf(group))}: '${file}' ended it after ${
          sum.seconds.toFixed(3)
        } s (${ended}), before the others, so this run of it does not count`,
      );
      continue;
    }
    const percent = Math.floor(1_000 * share) / 10;
    throw new SumError(
      [one.file, other.file],
      `${one.stage.stage} ran at the same time for only ${percent}% of its time, and a sum needs ${
        100 * MIN_OVERLAP
      }%; ${reasonOf(one, other)}`,
    );
  }
  return leftOut;
}

interface StageRun extends RunFile {
  readonly stage: StageData;
  readonly interval: Interval;
}

/**
 * Finds the run that ended a stage first, without keys or time, if all runs began it together: their
 * other stages can be added up.
 */
function earlyEnd(runs: readonly StageRun[]): StageRun | undefined {
  const starts = runs.map(({ interval }) => interval.fromMs);
  const longestMs = Math.max(...runs.map(({ stage }) => 1e3 * stage.sum.seconds));
  if (Math.max(...starts) - Math.min(...starts) > (1 - MIN_OVERLAP) * longestMs) return undefined;
  return runs.filter(({ stage }) => stage.ended === "keys used up" || stage.ended === "time limit")
    .toSorted((a, b) => a.interval.toMs - b.interval.toMs)[0];
}

/** Finds the two runs whose starts or ends are the farthest apart. */
function farthest(runs: readonly StageRun[]): [StageRun, StageRun] {
  const apart = (member: keyof Interval) => {
    const [one, ...others] = runs.toSorted((a, b) => a.interval[member] - b.interval[member]);
    const other = others.at(-1);
    if (one === undefined || other === undefined) {
      throw new RangeError("There are at least two runs");
    }
    return { ms: other.interval[member] - one.interval[member], pair: [one, other] as const };
  };
  const [starts, ends] = [apart("fromMs"), apart("toMs")];
  const [one, other] = starts.ms >= ends.ms ? starts.pair : ends.pair;
  return [one, other];
}

/** Describes why two runs did not measure together, and what to do. */
function reasonOf(one: StageRun, other: StageRun): string {
  if (one.data.settings.ops !== null) {
    return "with --ops each process has its own times: measure without --ops";
  }
  const apartS = Math.abs(other.interval.fromMs - one.interval.fromMs) / 1e3;
  const began = `they began ${apartS.toFixed(3)} s apart`;
  const again = "run them again together";
  const [first, second] = [one.data.alignedUnixMs, other.data.alignedUnixMs];
  if (typeof first === "number" && typeof second === "number" && first !== second) {
    return `${began}, because they were started on different sides of a boundary: ${again}`;
  }
  if (first === null || second === null) {
    const alone = first === null ? one : other;
    return `${began}, because '${alone.file}' found no other process and began at once: ${again}`;
  }
  return `${began}: ${again}`;
}

/** Counts the clients of runs. */
export function clientsOf(runs: readonly RunFile[]): number {
  return runs.reduce((sum, { data }) => sum + data.settings.clients, 0);
}

/** Counts the processes that the runs of a group saw at the server, and that are not in it. */
function missingOf(group: readonly RunFile[]): number {
  return Math.max(...group.map(({ data }) => data.others ?? 0)) + 1 - group.length;
}

/**
 * Checks that no process is missing in a group.
 *
 * @param isElsewhere whether it may be in another group, because its clock is wrong
 */
function checkOthers(group: readonly RunFile[], isElsewhere: boolean): void {
  const missing = missingOf(group);
  if (missing <= 0) return;
  const [processes, results] = missing === 1
    ? ["1 more process of testperf was", "its file"]
    : [`${missing} more processes of testperf were`, "their files"];
  throw new SumError(
    group.map(({ file }) => file),
    `${processes} at the server while they measured, so the sum is not the whole: add ${results}, or measure again${
      isElsewhere ? "; clocks of machines that differ by seconds also cause this" : ""
    }`,
  );
}

/**
 * The time of a whole run, from its start to its last stage. It contains the wait for a common start:
 * processes on different sides of a boundary were meant to measure together.
 */
function spanOf({ startedUnixMs, stages }: RunData): Interval {
  const ends = stages.map((stage) => intervalOf(stage).toMs);
  return { fromMs: startedUnixMs, toMs: Math.max(...ends) };
}

function intervalOf({ startedUnixMs, sum }: StageData): Interval {
  return { fromMs: startedUnixMs, toMs: startedUnixMs + 1e3 * sum.seconds };
}
