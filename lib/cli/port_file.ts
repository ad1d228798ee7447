/** The file of `--port-file`: how scripts learn the port of a server that chose it itself. */
import { ExitError, messageOf } from "../base/errors.ts";

/**
 * Writes the port, atomically: who reads the file finds all of it or no file.
 *
 * @throws {ExitError} where it cannot be written
 */
export async function writePortFile(file: string, port: number): Promise<void> {
  const fresh = `${file}.${Deno.pid}.tmp`;
  try {
    await Deno.writeTextFile(fresh, `${port}\n`);
    await Deno.rename(fresh, file);
  } catch (error) {
    await Deno.remove(fresh).catch(() => {});
    const why = error instanceof Deno.errors.NotCapable
      ? "it must be a plain file in a folder of files"
      : messageOf(error);
    throw new ExitError(`Cannot write the port to '${file}': ${why}`);
  }
}
