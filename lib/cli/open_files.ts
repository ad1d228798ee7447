/** How many files, and so connections, the system lets this process have open. */

/** The process's own limit; Infinity where the system does not tell (it is Linux that does). */
export function openFilesLimit(): number {
  try {
    return softLimit(Deno.readTextFileSync("/proc/self/limits"));
  } catch {
    return Infinity;
  }
}

/** Reads the limit that holds from the text of `/proc/self/limits`. */
export function softLimit(text: string): number {
  const [, limit] = /^Max open files\s+(\d+)/m.exec(text) ?? [];
  return limit === undefined ? Infinity : Number(limit);
}
