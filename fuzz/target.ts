/** The types of targets. */
import type { Random } from "./source.ts";

interface Named {
  /** The name for `--target`. */
  readonly name: string;
  /** The kind of input. */
  readonly input: string;
  /** Its share of all inputs, relative to the other targets. */
  readonly share: number;
}

/** A target whose inputs do not depend on each other. */
export interface PartTarget extends Named {
  /** Makes an input. */
  make(random: Random): Uint8Array;
  /**
   * Runs the tested code with an input, and compares the result with the oracle. The same bytes and
   * choices have the same result.
   *
   * @param random for choices that are not part of the input, such as its cuts
   * @returns the problem as a sentence, or undefined
   */
  check(input: Uint8Array, random: Random): string | undefined | Promise<string | undefined>;
}

/** A server. The effect of an input depends on those before it in the round. */
export interface ServerTarget extends Named {
  /** The inputs of one round, which starts and ends with an empty table. */
  readonly roundInputs: number;
  /** Starts the server. */
  open(): Promise<Rounds>;
}

/** A started server. */
export interface Rounds extends AsyncDisposable {
  /**
   * Runs one round.
   *
   * @param seed of the run
   * @param first the number of its first input
   * @param count the number of inputs
   */
  round(seed: number, first: number, count: number): Promise<Finding | undefined>;
}

export type Target = PartTarget | ServerTarget;

/** A problem, and the input that shows it. */
export interface Finding {
  /** The number of the input. */
  readonly number: number;
  /** A sentence. */
  readonly problem: string;
  /** The input, made smaller if possible. */
  readonly input: Uint8Array;
}

/** Whether a target is a server. */
export function isServerTarget(target: Target): target is ServerTarget {
  return "open" in target;
}
