/** The descendants of a process. Linux only. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { PATIENCE_MS } from "../../../bench/harness/program.ts";

/** The interval of the polls, in milliseconds. */
const EVERY_MS = 20;

/** A process: its number and its start time, because the system reuses numbers. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

/**
 * Waits for descendants of a process, and returns all of them.
 *
 * @param least the number to wait for
 */
export async function descendants(pid: number, least: number): Promise<ProcessIdentity[]> {
  for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs; await sleep(EVERY_MS)) {
    const all = descendantsNow(pid);
    if (all.length >= least) return all;
  }
  assert.fail(`process ${pid} did not start ${least} others`);
}

/** Waits until all of these processes have ended. */
export async function gone(processes: readonly ProcessIdentity[]): Promise<void> {
  let left = processes;
  for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs; await sleep(EVERY_MS)) {
    left = left.filter(({ pid, started }) => startOf(pid) === started);
    if (left.length === 0) return;
  }
  assert.deepEqual(left, [], "these are still running");
}

function descendantsNow(pid: number): ProcessIdentity[] {
  try {
    const threads = Array.from(Deno.readDirSync(`/proc/${pid}/task`), ({ name }) => name);
    const children = threads.flatMap((thread) =>
      Deno.readTextFileSync(`/proc/${pid}/task/${thread}/children`).split(" ").map(Number)
    ).filter((child) => child > 0);
    return children.flatMap((child) => {
      const started = startOf(child);
      return started === undefined ? [] : [{ pid: child, started }, ...descendantsNow(child)];
    });
  } catch {
    return []; // It has ended meanwhile.
  }
}

/** Undefined if it has ended. */
function startOf(pid: number): string | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
