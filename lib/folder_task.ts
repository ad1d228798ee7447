/** Verifies or repairs a data folder, and says what is there. */
import { EXIT, ExitError, messageOf } from "./base/errors.ts";
import { columns } from "./base/columns.ts";
import type { FolderTask } from "./config/folder_task.ts";
import { FolderFiles } from "./storage/files.ts";
import { lockFolder } from "./storage/folder_lock.ts";
import { type FileContent, replaceBySalvaged, salvage, type Salvaged } from "./storage/salvage.ts";

/**
 * Does the task, with lines on stdout.
 *
 * @returns the exit code: 0 where the folder is good (now), 1 where it is damaged
 * @throws {ExitError} where it cannot be read
 */
export async function runFolderTask({ task, folder }: FolderTask): Promise<number> {
  try {
    if (!(await Deno.stat(folder)).isDirectory) throw new ExitError("it is no folder");
    const lock = await lockFolder(folder);
    try {
      return task === "check" ? check(folder) : await repair(folder);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw new ExitError(`Cannot ${task} '${folder}': ${messageOf(error)}`);
  }
}

function check(folder: string): number {
  const salvaged = salvage(new FolderFiles(folder));
  show(salvaged);
  const damaged = salvaged.files.filter(isDamaged);
  if (damaged.length === 0) {
    console.log("good");
    return EXIT.ok;
  }
  const torn = tornEnd(salvaged);
  console.log(
    torn === undefined
      ? `damaged: ${
        damaged.map(({ name }) => name).join(", ")
      }; htserver --repair ${folder} salvages what can be read`
      : `good but for a torn end of ${torn} bytes, which the next start cuts off: nobody was told of it`,
  );
  return torn === undefined ? EXIT.failed : EXIT.ok;
}

async function repair(folder: string): Promise<number> {
  const files = new FolderFiles(folder);
  const salvaged = salvage(files);
  show(salvaged);
  if (!salvaged.files.some(isDamaged)) {
    console.log("good: nothing to repair");
    return EXIT.ok;
  }
  for (const { name, bad, problems } of salvaged.files) {
    for (const { offset, bytes } of bad) {
      console.log(`dropped: ${bytes} bytes of ${name} at byte ${offset}`);
    }
    for (const problem of problems) console.log(`missing in ${name}: ${problem}`);
  }
  const kept = await replaceBySalvaged(files, salvaged);
  console.log(`repaired: ${salvaged.table.size} keys; the old files are ${kept.join(", ")}`);
  return EXIT.ok;
}

function show({ files, table, lastSeq }: Salvaged): void {
  const rows = files.map(({ name, bytes, records, first, last, bad, problems }) => [
    name,
    String(bytes),
    String(records),
    first === undefined ? "" : `${first} to ${last}`,
    [...bad.map((part) => `${part.bytes} bad bytes at ${part.offset}`), ...problems].join("; "),
  ]);
  console.log(
    columns([["FILE", "BYTES", "RECORDS", "NUMBERS", "DAMAGE"], ...rows], new Set([1, 2])),
  );
  console.log(`${table.size} keys, last change ${lastSeq}`);
}

function isDamaged({ bad, problems }: FileContent): boolean {
  return bad.length + problems.length > 0;
}

/** Bytes of a torn end, where that is all that is wrong: as recovery sees it. */
function tornEnd({ files }: Salvaged): number | undefined {
  const last = files.at(-1);
  const [part, ...more] = last?.bad ?? [];
  const others = files.slice(0, -1).some(isDamaged) || (last?.problems.length ?? 0) > 0;
  if (part === undefined || more.length > 0 || others) return undefined;
  return part.offset + part.bytes === last?.bytes ? part.bytes : undefined;
}
