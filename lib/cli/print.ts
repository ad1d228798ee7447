/** Results on stdout. */
import { EXIT, ExitError, messageOf } from "../base/errors.ts";

const encoder = new TextEncoder();

/**
 * Writes a line to stdout. Where its reader has gone, as in `| head -1`, the program has nothing more to
 * do and ends.
 *
 * @throws {ExitError} where it cannot be written
 */
export function printLine(line: string): void {
  let bytes = encoder.encode(`${line}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(EXIT.ok);
    throw new ExitError(`Cannot write to stdout: ${messageOf(error)}`);
  }
}
