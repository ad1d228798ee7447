/** Core pinning: the servers run on one core, one of them busy at a time; the load on another. */

const CORES = { server: "0", load: "1" } as const;

/** Whether programs are pinned. That needs two cores and `taskset`; else the system chooses the core. */
export const isPinning: boolean = navigator.hardwareConcurrency > 1 && await canPin();

/** A command that runs on its core. */
export function pinned(to: keyof typeof CORES, command: readonly string[]): string[] {
  return isPinning ? ["taskset", "--cpu-list", CORES[to], ...command] : [...command];
}

async function canPin(): Promise<boolean> {
  try {
    const args = ["--cpu-list", Object.values(CORES).join(","), "true"];
    return (await new Deno.Command("taskset", { args, stderr: "null" }).output()).success;
  } catch {
    return false; // It is not installed.
  }
}
