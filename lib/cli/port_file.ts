/** The file of `--port-file`: how scripts learn the port of a server that chose it itself. */
import { writeWholeFile } from "./atomic_file.ts";

/**
 * Writes the port, atomically: who reads the file finds all of it or no file.
 *
 * @throws {ExitError} where it cannot be written
 */
export async function writePortFile(file: string, port: number): Promise<void> {
  await writeWholeFile(file, `${port}\n`, "the port");
}
