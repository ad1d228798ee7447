/** Runs a range of inputs in a process of its own, which may hang or die of one of them. */
import { settlesWithin } from "../lib/base/clock.ts";
import { fromSource } from "../bench/harness/program.ts";
import type { Message, Task } from "./messages.ts";

/** Time without a line after which a process hangs, in milliseconds. */
const HANG_MS = 60_000;

/** How the process is started, and when it hangs. */
export interface WatchOptions {
  /** Path and arguments; the task comes behind them. */
  readonly command: readonly string[];
  /** Time without a line, in milliseconds, once the first one came. */
  readonly hangMs: number;
}

const DEFAULT_OPTIONS: WatchOptions = { command: fromSource("fuzz/worker.ts"), hangMs: HANG_MS };

/** What became of a range. */
export interface Outcome {
  readonly done: number;
  /** What is wrong, and the input that shows it: each byte as one character. */
  readonly finding: { number: number; problem: string; latin1: string } | undefined;
}

/** A process that ended without its last line, or was ended. */
interface Broken {
  /** The first input that is not known to be done. */
  readonly next: number;
  readonly problem: string;
}

/**
 * Runs a task.
 *
 * @param onProgress told how many inputs are done
 * @param options (default: this project's worker)
 */
export async function runWatched(
  task: Task,
  onProgress: (done: number) => void,
  options: WatchOptions = DEFAULT_OPTIONS,
): Promise<Outcome> {
  const ended = await watch(task, onProgress, options);
  if ("done" in ended) return ended;
  // Once more from there, input by input, to know which one it is.
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
): Promise<Outcome | Broken> {
  const [path = "", ...args] = [...command, JSON.stringify(task)];
  const child = new Deno.Command(path, { args, stdin: "null", stdout: "piped", stderr: "piped" })
    .spawn();
  const said = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let next = task.first;
  let rest = "";
  let patienceMs = HANG_MS; // to start takes long on a busy machine
  try {
    for (;;) {
      const reading = reader.read();
      if (!(await settlesWithin(reading, patienceMs))) {
        return { next, problem: `nothing came of it in ${patienceMs / 1e3} s` };
      }
      const { value, done } = await reading;
      if (done) return { next, problem: `the process ended: ${(await said).slice(-1_000)}` };
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
    await said;
    await reader.cancel();
  }
}
