/**
 * Errors that end a program, and the message of any error.
 *
 * A message names the attempt, the rule and the actual value, in one sentence that a person can act on.
 * Only bugs print a stack trace.
 */

/** Exit codes of all programs. For `htclient`, `failed` also means that the operation failed. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
} as const;

/** Ends the program with a message on stderr and an exit code: `main` catches it. */
export class ExitError extends Error {
  override name = "ExitError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Invalid flags, arguments or environment: exit code 2. */
export class UsageError extends ExitError {
  override name = "UsageError";

  constructor(message: string) {
    super(message, EXIT.usage);
  }
}

/** The message of any thrown value, without a stack trace. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
