/** The capabilities of the terminal of stderr. */

/** The terminal that shows text to the user. */
export interface Terminal {
  /** Whether stderr is a terminal, and not a file or a pipe. */
  readonly isTerminal: boolean;
  /** Characters per line. */
  readonly columns: number;
  readonly hasColors: boolean;
  /** Whether it shows the block elements of Unicode. */
  readonly hasBlocks: boolean;
}

/** Default characters per line, without a terminal of known width. */
const COLUMNS = 80;

/**
 * Detects the capabilities.
 *
 * @param kind the value of the environment variable TERM
 */
export function stderrTerminal(kind: string | undefined): Terminal {
  const isTerminal = Deno.stderr.isTerminal();
  return {
    isTerminal,
    columns: isTerminal ? readColumns() : COLUMNS,
    hasColors: isTerminal && !Deno.noColor && kind !== "dumb",
    hasBlocks: kind !== "dumb",
  };
}

function readColumns(): number {
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? columns : COLUMNS; // a serial line has 0
  } catch {
    return COLUMNS;
  }
}
