/** What the demo prints: its steps with their commands, and its problems. */
import { wrap } from "../../lib/base/wrap.ts";

/** Width of the narrowest usual terminal, in characters. */
export const WIDTH = 80;

/** Prints a step. @param command what a person would type for it (default: nothing) */
export function printStep(what: string, command?: string): void {
  console.log(wrap(what, WIDTH));
  if (command !== undefined) console.log(`    $ ${command}`);
}

/** Prints a problem on stderr. */
export function printProblem(sentence: string): void {
  console.error(wrap(`demo: ${sentence}`, WIDTH));
}
