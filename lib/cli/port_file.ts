/** The file of `--port-file`: scripts read the port of a server that chose it itself. */
import { writeWholeFile } from "./atomic_file.ts";

/**
 * Writes the port atomically.
 *
 * @throws {ExitError} if it cannot be written
 */
export async function writePortFile(file: string, port: number): Promise<void> {
  await writeWholeFile(file, `${port}\n`, "the port");
}
