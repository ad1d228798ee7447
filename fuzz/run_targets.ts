/** The run of inputs of several targets in several processes. */
import type { Outcome, Task } from "./worker_watch.ts";
import { isServerTarget, type Target } from "./target.ts";

/** The inputs between two messages of a process. */
const STEP = 2_000;

/** The parts of the work. There are enough that all processors finish at about the same time. */
const PARTS = 48;

/** The result of one target. */
export interface TargetResult {
  readonly name: string;
  /** The kind of input. */
  readonly input: string;
  inputs: number;
  /** The time of its processes, summed. */
  seconds: number;
  findings: number;
}

/** A finding of a target. */
export type TargetFinding = Outcome["finding"] & { readonly target: string };

/** The plan of a run. */
export interface Plan {
  readonly targets: readonly Target[];
  readonly seed: number;
  /** The inputs of all targets. */
  readonly inputs: number;
  /** The end, by `performance.now()`. */
  readonly untilMs: number;
  readonly processes: number;
}

/**
 * Runs the inputs. A part of a target ends with its first finding.
 *
 * @param run runs one part of one target
 * @param onFinding called with each finding, at once
 */
export async function runTargets(
  { targets, seed, inputs, untilMs, processes }: Plan,
  run: (task: Task, onProgress: (done: number) => void) => Promise<Outcome>,
  onProgress: (results: readonly TargetResult[]) => void,
  onFinding: (finding: TargetFinding) => void,
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
      onFinding({ ...finding, target: task.target });
    }
  };
  await Promise.all(Array.from({ length: processes }, worker));
  return results;
}

/** The parts of the work, sorted so that all targets progress alike if time runs out. */
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
