/** The file of `--port-file`: from it, scripts read the port that a server chose. */
import { writeWholeFile } from "./atomic_file.ts";

/**
 * Writes the port atomically.
 *
 * @throws {ExitError} if it cannot be written
 */
export async function writePortFile(file: string, port: number): Promise<void> {
  await writeWholeFile(file, `${port}\n`, "the port");
}
