/** The frame of every program: exit codes, and one sentence on stderr instead of a stack trace. */
import { EXIT, ExitError, messageOf } from "../base/errors.ts";
import { flushLog } from "../base/log.ts";
import { HtError, ServerNotFoundError } from "../client/errors.ts";
import { flushStdout, printError } from "../terminal/stdout.ts";
import { ignoreInheritedSignals } from "./stop_signal.ts";
import { requireUtf8Arguments } from "./utf8_text.ts";

/**
 * Runs a program's main function and ends the process with its exit code.
 *
 * @param name of the program, the prefix of its error messages
 * @param run returns the exit code; an `ExitError` that it throws has its own
 */
export async function main(name: string, run: () => Promise<number>): Promise<never> {
  try {
    ignoreInheritedSignals();
    requireUtf8Arguments();
    const exitCode = await run().finally(flushStdout);
    await flushLog();
    Deno.exit(exitCode);
  } catch (error) {
    await flushLog();
    if (error instanceof ExitError) {
      if (error.message) printError(`${name}: ${error.message}`);
      Deno.exit(error.exitCode);
    }
    if (error instanceof HtError) {
      printError(`${name}: ${error.message}`);
      Deno.exit(error instanceof ServerNotFoundError ? EXIT.notFound : EXIT.failed);
    }
    if (isBadVariable(error)) {
      printError(
        `${name}: An environment variable is not UTF-8 text: set it again, or unset it (${
          messageOf(error)
        })`,
      );
      Deno.exit(EXIT.usage);
    }
    printError(`${name}: unexpected failure, which is a bug to report: ${messageOf(error)}`);
    Deno.exit(EXIT.failed);
  }
}

/** Whether a library read an environment variable that is not UTF-8, such as TERM for the prompt. */
function isBadVariable(error: unknown): boolean {
  return error instanceof Deno.errors.InvalidData && /environment variable/.test(error.message);
}
