/** The messages between the fuzzer and its worker processes, one line of JSON each. */

/** The task of a worker, as its only argument. */
export interface Task {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** The inputs between two messages. */
  readonly step: number;
  /** The time limit of the process, in milliseconds. */
  readonly forMs: number;
}

/** A message of a worker. */
export type Message =
  /** All inputs before this one are finished. */
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
