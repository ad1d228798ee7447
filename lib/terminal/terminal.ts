/** What the terminal of stderr can show. */

/** Where text for people goes, and how it may look. */
export interface Terminal {
  /** Whether somebody looks at it: not a file, nor a pipe. */
  readonly isThere: boolean;
  /** Characters of a line. */
  readonly columns: number;
  readonly hasColors: boolean;
  /** Whether it has the block elements of Unicode. */
  readonly hasBlocks: boolean;
}

/** Characters of a line where the terminal does not say, or there is none. */
const COLUMNS = 80;

/**
 * Looks at stderr.
 *
 * @param kind of the terminal: the environment's TERM
 */
export function stderrTerminal(kind: string | undefined): Terminal {
  const isThere = Deno.stderr.isTerminal();
  return {
    isThere,
    columns: isThere ? columnsThere() : COLUMNS,
    hasColors: isThere && !Deno.noColor && kind !== "dumb",
    hasBlocks: kind !== "dumb",
  };
}

function columnsThere(): number {
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? columns : COLUMNS; // a serial line says 0
  } catch {
    return COLUMNS;
  }
}
