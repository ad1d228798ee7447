/** What a process takes, as the system tells: memory, handles, threads. Linux only. */
import { sleep } from "../../lib/base/clock.ts";

/** What a process holds. */
export interface Handles {
  /** All open file descriptors. */
  readonly all: number;
  /** Those that are sockets. */
  readonly sockets: number;
}

/** Resident memory of a process, in bytes. */
export async function memoryBytes(pid: number): Promise<number> {
  return 1024 * await statusNumber(pid, "VmRSS");
}

/** The most resident memory that a process ever had, in bytes. */
export async function peakMemoryBytes(pid: number): Promise<number> {
  return 1024 * await statusNumber(pid, "VmHWM");
}

/** Forgets that most, so that from now on it is the most since now. */
export async function resetPeakMemory(pid: number): Promise<void> {
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
}

/** Processor time of a process's first thread so far, and how long it had to wait for a processor. */
export async function processorTime(pid: number): Promise<{ runMs: number; waitMs: number }> {
  const [runNs, waitNs] = (await Deno.readTextFile(`/proc/${pid}/schedstat`)).split(" ");
  return { runMs: Number(runNs) / 1e6, waitMs: Number(waitNs) / 1e6 };
}

/** Threads of a process. */
export function threads(pid: number): Promise<number> {
  return statusNumber(pid, "Threads");
}

/** Open files and sockets of a process. */
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
 * The least resident memory that is seen, in bytes, until it is enough or time is up: what a process
 * frees goes back to the system bit by bit.
 *
 * @param enoughBytes ends the wait (default: none)
 * @param collect has the process collect its garbage, where it can be told to
 */
export async function settledMemoryBytes(
  pid: number,
  { enoughBytes = 0, withinMs, collect = () => {} }: {
    enoughBytes?: number;
    withinMs: number;
    collect?: () => void;
  },
): Promise<number> {
  let least = Infinity;
  for (
    const endMs = performance.now() + withinMs;
    least > enoughBytes && performance.now() < endMs;
  ) {
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
