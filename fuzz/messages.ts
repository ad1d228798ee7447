/** What the process that fuzzes one target says, one line of JSON each. */

/** What it is told, as its one argument. */
export interface Task {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** Inputs between two lines. */
  readonly step: number;
  /** How long the process runs before it ends early, in milliseconds. */
  readonly forMs: number;
}

/** A line. */
export type Message =
  /** All inputs before this one are done. */
  | { readonly next: number }
  | {
    readonly done: number;
    readonly finding?: {
      readonly number: number;
      readonly problem: string;
      /** The input, each byte as one character. */
      readonly latin1: string;
    };
  };
