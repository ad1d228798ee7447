/** Files that are there as a whole or not at all. */
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
  const fresh = `${file}.${Deno.pid}.tmp`;
  try {
    if (typeof content === "string") await Deno.writeTextFile(fresh, content);
    else await Deno.writeFile(fresh, content);
    await Deno.rename(fresh, file);
  } catch (error) {
    await Deno.remove(fresh).catch(() => {});
    const why = error instanceof Deno.errors.NotCapable
      ? "it must be a plain file in a folder of files"
      : error instanceof Deno.errors.NotFound
      ? "there is no such folder"
      : messageOf(error);
    throw new ExitError(`Cannot write ${what} to '${file}': ${why}`);
  }
}
