/** Where the lines of a measurement go. */

/** Writes a line for the user: results to stdout, all else to stderr. */
export interface Output {
  result(line: string): void;
  note(line: string): void;
}
