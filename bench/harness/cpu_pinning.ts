/** Cores: the servers have one, of which one is busy at a time, and the load generator has another. */

/** Which core; both are whatever the system chooses where there is only one. */
const CORES = { server: "0", load: "1" } as const;

/** Whether programs stay on their core: that needs two of them, and `taskset`. */
export const isPinning: boolean = navigator.hardwareConcurrency > 1 && await canPin();

/** Puts a command on its core. */
export function pinned(to: keyof typeof CORES, command: readonly string[]): string[] {
  return isPinning ? ["taskset", "--cpu-list", CORES[to], ...command] : [...command];
}

async function canPin(): Promise<boolean> {
  try {
    const args = ["--cpu-list", Object.values(CORES).join(","), "true"];
    return (await new Deno.Command("taskset", { args, stderr: "null" }).output()).success;
  } catch {
    return false; // not installed
  }
}
