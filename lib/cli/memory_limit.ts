/** How much memory this process may hope for. */

/** Where Linux tells the limit of a container: control groups version 2 and 1. */
const CONTROL_GROUP_FILES = [
  "/sys/fs/cgroup/memory.max",
  "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];

/** The machine's memory, or what a container may take of it, in bytes. */
export function memoryLimit(): number {
  return Math.min(Deno.systemMemoryInfo().total, ...CONTROL_GROUP_FILES.map(limitIn));
}

/** The number in a file; Infinity where there is none ("max", no such file, not to be read). */
function limitIn(path: string): number {
  try {
    return Number(Deno.readTextFileSync(path).trim()) || Infinity;
  } catch {
    return Infinity;
  }
}
