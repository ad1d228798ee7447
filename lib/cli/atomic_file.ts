/** Atomic writes of whole files: a reader finds the whole new file, or the old one. */
import { dirname } from "node:path";
import { ExitError, messageOf } from "../base/errors.ts";

/**
 * Writes a file atomically.
 *
 * @param file in a folder that exists
 * @param content text for UTF-8, or bytes
 * @param what names the content in a sentence such as `Cannot write the port to 'x'`
 * @throws {ExitError} if it cannot be written
 */
export async function writeWholeFile(
  file: string,
  content: string | Uint8Array,
  what: string,
): Promise<void> {
  // A random name: in a shared folder, another user could put a link at a name that can be guessed.
  const temporary = `${file}.${crypto.randomUUID()}.tmp`;
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(temporary, bytes, { createNew: true });
    await Deno.rename(temporary, file);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw cannotWrite(file, what, error);
  }
}

/**
 * Checks that the folder of a file exists, before a long run makes the content.
 *
 * @param file that will be written
 * @param what names the content, as for `writeWholeFile`
 * @throws {ExitError} if the folder does not exist
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
