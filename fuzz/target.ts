/** What can be fuzzed, as types. */
import type { Random } from "./source.ts";

interface Named {
  /** As in `--target`. */
  readonly name: string;
  /** What one input is. */
  readonly input: string;
  /** Its part of all inputs, beside those of the others. */
  readonly share: number;
}

/** What takes each input for itself, in this process. */
export interface PartTarget extends Named {
  /** Makes an input. */
  make(random: Random): Uint8Array;
  /**
   * Gives the input to what is tested, and its result to the oracle. Says the same for the same
   * bytes and numbers.
   *
   * @param random for what is not in the input, such as where it is cut
   * @returns what is wrong, as a sentence; undefined: nothing
   */
  check(input: Uint8Array, random: Random): string | undefined | Promise<string | undefined>;
}

/** A server that takes inputs one after another: what one does depends on those before it. */
export interface ServerTarget extends Named {
  /** Inputs of one round, which begins and ends with an empty table. */
  readonly roundInputs: number;
  /** Starts it. */
  open(): Promise<Rounds>;
}

/** A server in the hands of a fuzzer. */
export interface Rounds extends AsyncDisposable {
  /**
   * One round.
   *
   * @param seed of the run
   * @param first number of its first input
   * @param count how many of them there are
   */
  round(seed: number, first: number, count: number): Promise<Finding | undefined>;
}

export type Target = PartTarget | ServerTarget;

/** Something that is wrong. */
export interface Finding {
  /** Number of the input. */
  readonly number: number;
  /** What is wrong, as a sentence. */
  readonly problem: string;
  /** The input, made smaller where that is simple. */
  readonly input: Uint8Array;
}

/** True for a target of the second kind. */
export function isServerTarget(target: Target): target is ServerTarget {
  return "open" in target;
}
