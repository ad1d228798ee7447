/** The command line of `deno task soak`. */
import { UsageError } from "../../lib/base/errors.ts";

/** What was asked for. */
export interface Options {
  readonly minutes: number;
  readonly seed: number;
  /** The table at its memory limit, instead of varied work. */
  readonly isFullTable: boolean;
  /** Whether `docs/data/hardening/` is to have the raw data. */
  readonly isWriting: boolean;
}

/** Minutes where none are named. */
const SOAK_MINUTES = 30;
const FULL_TABLE_MINUTES = 10;
const MAX_MINUTES = 10_000;

/** For `--help`. */
export const HELP = `Runs a server for a long time, and tells whether it stays as it was.

  deno task soak                varied work on a server that keeps its table on disk, ${SOAK_MINUTES} minutes
  deno task soak --full-table   a table at its memory limit, in memory and on disk, ${FULL_TABLE_MINUTES} minutes in all
      --minutes N               so long instead; may be a fraction
      --seed S                  repeat the choices of another run
      --write                   write the raw data into docs/data/hardening/`;

/**
 * Reads the command line.
 *
 * @param anySeed where none is given
 * @throws {UsageError} for anything that is not in `HELP`
 */
export function parseOptions(args: readonly string[], anySeed: number): Options {
  const left = [...args];
  let minutes: number | undefined, seed = anySeed, isFullTable = false, isWriting = false;
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (arg === "--full-table") isFullTable = true;
    else if (arg === "--write") isWriting = true;
    else if (arg === "--minutes") minutes = numberOf(arg, left.shift());
    else if (arg === "--seed") seed = Math.floor(numberOf(arg, left.shift()));
    else throw new UsageError(`There is no option ${arg} (see deno task soak --help)`);
  }
  minutes ??= isFullTable ? FULL_TABLE_MINUTES : SOAK_MINUTES;
  return { minutes, seed, isFullTable, isWriting };
}

function numberOf(option: string, text: string | undefined): number {
  const number = Number(text || NaN);
  if (number > 0 && number <= (option === "--minutes" ? MAX_MINUTES : 2 ** 31)) return number;
  throw new UsageError(`${option} needs a number above 0 (see deno task soak --help)`);
}
