/** Files that are there as a whole or not at all. */
import { dirname } from "node:path";
import { ExitError, messageOf } from "../base/errors.ts";

/**
 * Writes a file, atomically: who reads it finds all of it, or what was there before.
 *
 * @param file its folder must be there
 * @param content text as UTF-8, or bytes
 * @param what it is, in a sentence such as `Cannot write the port to 'x'`
 * @throws {ExitError} where it cannot be written
 */
export async function writeWholeFile(
  file: string,
  content: string | Uint8Array,
  what: string,
): Promise<void> {
  // In a folder that others may write to, nobody can be there first with a link to somewhere else.
  const fresh = `${file}.${crypto.randomUUID()}.tmp`;
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(fresh, bytes, { createNew: true });
    await Deno.rename(fresh, file);
  } catch (error) {
    await Deno.remove(fresh).catch(() => {});
    throw cannotWrite(file, what, error);
  }
}

/**
 * Looks whether a file has a folder to be in, before there is anything to write.
 *
 * @param file what is going to be written
 * @param what it is, as for `writeWholeFile`
 * @throws {ExitError} where there is no such folder
 */
export async function requireFolderOf(file: string, what: string): Promise<void> {
  let isFolder: boolean;
  try {
    ({ isDirectory: isFolder } = await Deno.stat(dirname(file)));
  } catch (error) {
    throw cannotWrite(file, what, error);
  }
  if (!isFolder) throw new ExitError(`Cannot write ${what} to '${file}': its folder is a file`);
}

function cannotWrite(file: string, what: string, error: unknown): ExitError {
  const why = error instanceof Deno.errors.NotCapable
    ? "it must be a plain file in a folder of files"
    : error instanceof Deno.errors.NotFound
    ? "there is no such folder"
    : messageOf(error);
  return new ExitError(`Cannot write ${what} to '${file}': ${why}`);
}
