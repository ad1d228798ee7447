/**
 * The errors that end a program, and how any thrown thing becomes a sentence.
 *
 * A message says what was tried, the rule, and what came: one sentence that a
 * person can act on. Stack traces are for bugs only.
 */

/** Exit codes of all programs (`htclient` adds its own meaning of 1: the operation failed). */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
} as const;

/** Ends the program with a sentence on stderr and an exit code; thrown anywhere, caught in `main`. */
export class ExitError extends Error {
  override name = "ExitError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Bad flags, arguments or environment: exit code 2. */
export class UsageError extends ExitError {
  override name = "UsageError";

  constructor(message: string) {
    super(message, EXIT.usage);
  }
}

/** What a thrown thing says, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
