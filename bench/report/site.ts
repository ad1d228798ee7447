/** The machine of a run. */
import { readMachine } from "../harness/machine.ts";
import type { Site } from "./report_data.ts";

/**
 * Reads the facts of this machine.
 *
 * @param folder on the disk of the durable table
 */
export async function readSite(folder: string): Promise<Site> {
  return { ...await readMachine(), memoryBytes: memoryBytes(), disk: diskOf(folder) };
}

function memoryBytes(): number | null {
  try {
    return Deno.systemMemoryInfo().total;
  } catch {
    return null;
  }
}

function diskOf(folder: string): string {
  try {
    return diskIn(Deno.readTextFileSync("/proc/self/mounts"), Deno.realPathSync(folder));
  } catch {
    return "unknown";
  }
}

/**
 * The file system and device of a folder, such as `ext4 on /dev/sda1`.
 *
 * @param mounts lines as in /proc/self/mounts
 */
export function diskIn(mounts: string, folder: string): string {
  let disk = "unknown";
  let longest = -1;
  for (const line of mounts.split("\n")) {
    const [device = "", at = "", type = ""] = line.split(" ");
    const hasFolder = at === "/" || folder === at || folder.startsWith(`${at}/`);
    // A later mount at the same place hides an earlier one.
    if (type === "" || !hasFolder || at.length < longest) continue;
    disk = `${type} on ${device}`;
    longest = at.length;
  }
  return disk;
}
