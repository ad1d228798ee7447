/**
 * The groups of runs that measured together. Throughputs may be added up only if all clients measured
 * the same stage at the same time: a client whose neighbors are between two stages gets more.
 */
import type { StageData } from "../measure/stage_data.ts";
import type { RunData } from "../results/run_data.ts";
import { type RunFile, SumError } from "./run_file.ts";

/** Minimum overlap of a stage of all runs of a group, as a share of the time from first to last. */
const MIN_OVERLAP = 0.95;

interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Groups the runs that measured together, in order of time.
 *
 * @param runs with the same stages
 * @throws {SumError} if runs measured together only in part, or a run of the group is missing
 */
export function groupRuns(runs: readonly RunFile[]): RunFile[][] {
  const groups: RunFile[][] = [];
  let endMs = -Infinity;
  for (const run of runs.toSorted((a, b) => spanOf(a.data).fromMs - spanOf(b.data).fromMs)) {
    const { fromMs, toMs } = spanOf(run.data);
    const last = groups.at(-1);
    if (last !== undefined && fromMs < endMs) last.push(run);
    else groups.push([run]);
    endMs = Math.max(endMs, toMs);
  }
  for (const group of groups) {
    checkOverlap(group);
    checkOthers(group);
  }
  return groups;
}

/** Computes from the overlap of all intervals its share of the time from the first to the last. */
export function overlapShare(intervals: readonly Interval[]): number {
  const starts = intervals.map(({ fromMs }) => fromMs);
  const ends = intervals.map(({ toMs }) => toMs);
  const unionMs = Math.max(...ends) - Math.min(...starts);
  const commonMs = Math.min(...ends) - Math.max(...starts);
  return unionMs === 0 ? 1 : Math.max(0, commonMs) / unionMs;
}

function checkOverlap(group: readonly RunFile[]): void {
  for (const at of group[0]?.data.stages.keys() ?? []) {
    const runs = group.flatMap((run) => {
      const stage = run.data.stages[at];
      return stage === undefined ? [] : [{ ...run, stage, interval: intervalOf(stage) }];
    });
    const share = overlapShare(runs.map(({ interval }) => interval));
    if (share >= MIN_OVERLAP) continue;
    const [one, other] = farthest(runs);
    const percent = Math.floor(1_000 * share) / 10;
    throw new SumError(
      [one.file, other.file],
      `${one.stage.stage} ran at the same time for only ${percent}% of its time, and a sum needs ${
        100 * MIN_OVERLAP
      }%; ${reasonOf(one, other)}`,
    );
  }
}

interface StageRun extends RunFile {
  readonly stage: StageData;
  readonly interval: Interval;
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
  const early = [one, other].find(({ stage }) => stage.ended !== "planned");
  if (early !== undefined && one.stage.ended !== other.stage.ended) {
    return `in '${early.file}' it ended early (${early.stage.ended})`;
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

/** Checks that every process that the runs saw at the server is in the group. */
function checkOthers(group: readonly RunFile[]): void {
  const others = Math.max(...group.map(({ data }) => data.others ?? 0));
  const missing = others + 1 - group.length;
  if (missing <= 0) return;
  const [processes, results] = missing === 1
    ? ["1 more process of testperf was", "its file"]
    : [`${missing} more processes of testperf were`, "their files"];
  throw new SumError(
    group.map(({ file }) => file),
    `${processes} at the server while they measured, so the sum is not the whole: add ${results}, or measure again`,
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
