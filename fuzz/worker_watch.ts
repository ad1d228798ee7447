/** The watch over a worker process, which an input may crash or hang. */
import { settlesWithin } from "../lib/base/clock.ts";
import { fromSource } from "../bench/harness/program.ts";

/** The task of a worker, as its only argument. */
export interface Task {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** The inputs between two messages. */
  readonly step: number;
  /** The time limit of the process, in milliseconds. */
  readonly forMs: number;
}

/** A message of a worker. */
export type Message =
  /** All inputs before this one are finished. */
  | { readonly next: number }
  | {
    readonly done: number;
    readonly finding?: Outcome["finding"];
  };

/** The time without a message after which a process hangs, in milliseconds. */
const HANG_MS = 60_000;

/** The command of the process, and its time limit. */
export interface WatchOptions {
  /** The path and arguments, to which the task is added. */
  readonly command: readonly string[];
  /** The time without a message after the first one, in milliseconds. */
  readonly hangMs: number;
}

const DEFAULT_OPTIONS: WatchOptions = { command: fromSource("fuzz/worker.ts"), hangMs: HANG_MS };

/** The outcome of a task. */
export interface Outcome {
  readonly done: number;
  /** The problem, and its input: each byte as one character. */
  readonly finding: { number: number; problem: string; latin1: string } | undefined;
}

/** A process that ended without its last message. */
interface ProcessFailure {
  /** The first input that may be unfinished. */
  readonly next: number;
  readonly problem: string;
}

/**
 * Runs a task in a worker process.
 *
 * @param onProgress called with the number of finished inputs
 * @param options (default: the worker of this project)
 */
export async function runWatched(
  task: Task,
  onProgress: (done: number) => void,
  options: WatchOptions = DEFAULT_OPTIONS,
): Promise<Outcome> {
  const ended = await watch(task, onProgress, options);
  if ("done" in ended) return ended;
  // Runs the inputs after the last message again, with a message for each, to find the one with a problem.
  const count = Math.min(task.step, task.first + task.count - ended.next);
  const again = await watch(
    { ...task, first: ended.next, count, step: 1, forMs: Number.MAX_SAFE_INTEGER },
    () => {},
    options,
  );
  const done = ended.next - task.first;
  if ("done" in again) {
    const unknown = { number: ended.next, problem: `${ended.problem}, but not again`, latin1: "" };
    return { done, finding: again.finding ?? unknown };
  }
  return { done, finding: { number: again.next, problem: again.problem, latin1: "" } };
}

async function watch(
  task: Task,
  onProgress: (done: number) => void,
  { command, hangMs }: WatchOptions,
): Promise<Outcome | ProcessFailure> {
  const [path = "", ...args] = [...command, JSON.stringify(task)];
  const child = new Deno.Command(path, { args, stdin: "null", stdout: "piped", stderr: "piped" })
    .spawn();
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let next = task.first;
  let rest = "";
  let patienceMs = HANG_MS; // A start takes long on a busy machine.
  try {
    for (;;) {
      const reading = reader.read();
      if (!(await settlesWithin(reading, patienceMs))) {
        return { next, problem: `it did not end in ${patienceMs / 1e3} s` };
      }
      const { value, done } = await reading;
      if (done) return { next, problem: `the process ended: ${(await stderr).slice(-1_000)}` };
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      patienceMs = hangMs;
      for (const line of lines) {
        const message: Message = JSON.parse(line);
        if ("done" in message) return { done: message.done, finding: message.finding };
        next = message.next;
        onProgress(next - task.first);
      }
    }
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.status;
    await stderr;
    await reader.cancel();
  }
}
