/** What a run ran on. */
import { thisMachine } from "../harness/machine.ts";
import type { Site } from "./report_data.ts";

/**
 * Asks the system.
 *
 * @param folder on the disk of the durable table
 */
export async function siteOf(folder: string): Promise<Site> {
  return { ...await thisMachine(), memoryBytes: memoryBytes(), disk: diskOf(folder) };
}

function memoryBytes(): number | null {
  try {
    return Deno.systemMemoryInfo().total;
  } catch {
    return null;
  }
}

/** `ext4 on /dev/sda1`, from the list of mounts: of those that hold the folder, the longest one. */
function diskOf(folder: string): string {
  try {
    return diskIn(Deno.readTextFileSync("/proc/self/mounts"), Deno.realPathSync(folder));
  } catch {
    return "unknown";
  }
}

/**
 * Finds a folder's file system.
 *
 * @param mounts lines as in /proc/self/mounts
 */
export function diskIn(mounts: string, folder: string): string {
  let disk = "unknown";
  let longest = -1;
  for (const line of mounts.split("\n")) {
    const [device = "", at = "", type = ""] = line.split(" ");
    const isHolding = at === "/" || folder === at || folder.startsWith(`${at}/`);
    // A later mount at the same place hides an earlier one.
    if (type === "" || !isHolding || at.length < longest) continue;
    disk = `${type} on ${device}`;
    longest = at.length;
  }
  return disk;
}
