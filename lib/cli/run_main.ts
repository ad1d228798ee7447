/** How every program begins and ends: exit codes, and one sentence on stderr instead of a stack trace. */
import { EXIT, ExitError, messageOf } from "../base/errors.ts";
import { flushLog } from "../base/log.ts";
import { plainLines } from "../base/quoted.ts";
import { HtError, ServerNotFoundError } from "../client/errors.ts";
import { flushStdout } from "./print.ts";
import { surviveInherited } from "./stop_signal.ts";

/**
 * Runs a program's main function and ends the process with its exit code.
 *
 * @param name what to put before an error's sentence
 * @param main gives the exit code; an `ExitError` that it throws brings its own
 */
export async function runMain(name: string, main: () => Promise<number>): Promise<never> {
  try {
    surviveInherited();
    const exitCode = await main().finally(flushStdout);
    await flushLog();
    Deno.exit(exitCode);
  } catch (error) {
    await flushLog();
    if (error instanceof ExitError) {
      if (error.message) tell(`${name}: ${error.message}`);
      Deno.exit(error.exitCode);
    }
    if (error instanceof HtError) {
      tell(`${name}: ${error.message}`);
      Deno.exit(error instanceof ServerNotFoundError ? EXIT.notFound : EXIT.failed);
    }
    tell(`${name}: unexpected failure, which is a bug to report: ${messageOf(error)}`);
    Deno.exit(EXIT.failed);
  }
}

function tell(line: string): void {
  console.error(plainLines(line));
}
