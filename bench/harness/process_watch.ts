/** Resources of a process as Linux reports them: memory, open files, threads, processor time. */
import { sleep } from "../../lib/base/clock.ts";

/** Open file descriptors of a process. */
export interface Handles {
  readonly all: number;
  /** The sockets among them. */
  readonly sockets: number;
}

/** The resident memory of a process, in bytes. */
export async function memoryBytes(pid: number): Promise<number> {
  return 1024 * await statusNumber(pid, "VmRSS");
}

/** The peak of the resident memory of a process, in bytes. */
export async function peakMemoryBytes(pid: number): Promise<number> {
  return 1024 * await statusNumber(pid, "VmHWM");
}

/** Starts a new peak at the present memory. */
export async function resetPeakMemory(pid: number): Promise<void> {
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
}

/** The time that the first thread of a process has run, and has waited for a processor. */
export async function processorTime(pid: number): Promise<{ runMs: number; waitMs: number }> {
  const [runNs, waitNs] = (await Deno.readTextFile(`/proc/${pid}/schedstat`)).split(" ");
  return { runMs: Number(runNs) / 1e6, waitMs: Number(waitNs) / 1e6 };
}

/** The time that all threads of a process have run, in milliseconds. Threads that have ended do not count. */
export async function threadsRunMs(pid: number): Promise<number> {
  let runNs = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const file = `/proc/${pid}/task/${name}/schedstat`;
    const text = await Deno.readTextFile(file).catch(() => "0"); // It has ended.
    runNs += Number(text.split(" ", 1)[0]);
  }
  return runNs / 1e6;
}

/** The number of threads of a process. */
export function threads(pid: number): Promise<number> {
  return statusNumber(pid, "Threads");
}

/** The open files and sockets of a process. */
export async function handles(pid: number): Promise<Handles> {
  let all = 0, sockets = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    all++;
    const target = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
    if (target.startsWith("socket:")) sockets++;
  }
  return { all, sockets };
}

/**
 * Waits until the resident memory is small enough, or time is up. A process returns memory to the
 * system in steps.
 *
 * @param enoughBytes ends the wait (default: none)
 * @param collect starts a garbage collection of the process (default: nothing)
 * @returns the lowest memory of all readings, in bytes
 */
export async function settledMemoryBytes(
  pid: number,
  { enoughBytes = 0, withinMs, collect = () => {} }: {
    enoughBytes?: number;
    withinMs: number;
    collect?: () => void;
  },
): Promise<number> {
  const endMs = performance.now() + withinMs;
  let least = Infinity;
  while (least > enoughBytes && performance.now() < endMs) {
    collect();
    await sleep(100);
    least = Math.min(least, await memoryBytes(pid));
  }
  return least;
}

async function statusNumber(pid: number, name: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
}
