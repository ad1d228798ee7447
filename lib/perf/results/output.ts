/** The output of a test: lines for the user, at once. */

/** Writes results to stdout, and everything else to stderr. */
export interface Output {
  result(line: string): void;
  note(line: string): void;
}
