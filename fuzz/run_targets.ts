/** Runs many inputs of many targets, as many processes at once as there are processors. */
import type { Task } from "./messages.ts";
import type { Outcome } from "./watched.ts";
import { isServerTarget, type Target } from "./target.ts";

/** Inputs between two lines of a process. */
const STEP = 2_000;

/** Into how many parts all the work is cut, so that all processors end at about the same time. */
const PARTS = 48;

/** What was done to one target. */
export interface TargetResult {
  readonly name: string;
  /** What one input is. */
  readonly input: string;
  inputs: number;
  /** Time of its processes, together. */
  seconds: number;
  findings: number;
}

/** Something that was found. */
export type Found = Outcome["finding"] & { readonly target: string };

/** What to run. */
export interface Plan {
  readonly targets: readonly Target[];
  readonly seed: number;
  /** Of all targets together. */
  readonly inputs: number;
  /** When to end early, by `performance.now()`. */
  readonly untilMs: number;
  readonly processes: number;
}

/**
 * Runs the inputs. A part of a target ends with the first finding in it.
 *
 * @param run one part of one target
 * @param onFound told at once
 */
export async function runTargets(
  { targets, seed, inputs, untilMs, processes }: Plan,
  run: (task: Task, onProgress: (done: number) => void) => Promise<Outcome>,
  onProgress: (results: readonly TargetResult[]) => void,
  onFound: (found: Found) => void,
): Promise<TargetResult[]> {
  const results = targets.map(({ name, input }) => (
    { name, input, inputs: 0, seconds: 0, findings: 0 }
  ));
  const tasks = tasksOf(targets, seed, inputs);
  const worker = async () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      const result = results.find(({ name }) => name === task?.target);
      if (result === undefined || performance.now() >= untilMs) continue;
      const startedMs = performance.now();
      let known = 0;
      const { done, finding } = await run({ ...task, forMs: untilMs - startedMs }, (count) => {
        result.inputs += count - known;
        known = count;
        onProgress(results);
      });
      result.inputs += done - known;
      result.seconds += (performance.now() - startedMs) / 1e3;
      if (finding === undefined) continue;
      result.findings++;
      onFound({ ...finding, target: task.target });
    }
  };
  await Promise.all(Array.from({ length: processes }, worker));
  return results;
}

/** The parts of the work; all targets get on alike, since there may not be time for all of it. */
function tasksOf(
  targets: readonly Target[],
  seed: number,
  inputs: number,
): Omit<Task, "forMs">[] {
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const tasks: (Omit<Task, "forMs"> & { readonly of: number })[] = [];
  for (const target of targets) {
    const count = Math.ceil(inputs * target.share / shares);
    const unit = isServerTarget(target) ? target.roundInputs : 1;
    const size = Math.ceil(Math.max(inputs / PARTS, STEP) / unit) * unit;
    for (let first = 0; first < count; first += size) {
      const part = Math.min(size, count - first);
      tasks.push({ target: target.name, seed, first, count: part, step: STEP, of: count });
    }
  }
  return tasks.sort((a, b) => a.first / a.of - b.first / b.of)
    .map(({ of: _, ...task }) => task);
}
