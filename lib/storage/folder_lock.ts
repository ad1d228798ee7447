/**
 * One server for each data folder (I10). The lock is the system's: it goes with the process that holds
 * it, however that ends. The file also tells whose it is.
 */
import { ExitError } from "../base/errors.ts";
import { LOCK } from "./data_folder.ts";

/** A folder that nobody else uses meanwhile. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes the lock of a folder.
 *
 * @throws {ExitError} where another process has it, with its number
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = `${folder}/${LOCK}`;
  const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
  if (!(await file.tryLock(true))) {
    file.close();
    const pid = (await Deno.readTextFile(path)).trim();
    throw new ExitError(
      `Cannot use the data folder '${folder}': the server with process number ${pid} has it; stop that one, or choose another folder with --data`,
    );
  }
  await file.truncate(0);
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return { release: () => file.close() };
}
