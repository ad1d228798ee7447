/** The terminal of the user: what it shows, and what this process may draw on it. */
import { foregroundCheck } from "./foreground.ts";

/** Default characters per line, without a terminal of known width; tables need them. */
export const MIN_COLUMNS = 80;

/** The terminal that shows text to the user. */
export interface Terminal {
  /** Whether stdout is a terminal, and not a file or a pipe. */
  readonly hasStdout: boolean;
  /** Whether stderr is one. */
  readonly hasStderr: boolean;
  /** Whether it moves the cursor, and shows the block elements of Unicode. */
  readonly isSmart: boolean;
  /** Characters per line now: the user may change the size of a window. */
  columns(): number;
  /** Whether this process may draw now: the user may move it to the background. */
  isForeground(): boolean;
}

/**
 * Detects the terminal.
 *
 * @param kind the value of the environment variable TERM
 */
export function userTerminal(kind: string | undefined): Terminal {
  return {
    hasStdout: Deno.stdout.isTerminal(),
    hasStderr: Deno.stderr.isTerminal(),
    isSmart: kind !== "dumb",
    columns: readColumns,
    isForeground: foregroundCheck(),
  };
}

/** Characters per line of the terminal, or the default. */
export function readColumns(): number {
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? columns : MIN_COLUMNS; // a serial line has 0
  } catch {
    return MIN_COLUMNS;
  }
}
