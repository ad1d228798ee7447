/** The output of a measurement: lines for the user. */

/** Writes results to stdout, and everything else to stderr. */
export interface Output {
  result(line: string): void;
  note(line: string): void;
}
