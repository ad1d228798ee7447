/** The command line of `deno task bench`. */
import { UsageError } from "../../lib/base/errors.ts";

/** What was asked for. */
export interface Options {
  readonly isQuick: boolean;
  readonly isTwoHostsOnly: boolean;
  /** Measure nothing: make the figures of REPORT anew from the raw data that is there. */
  readonly isRebuildOnly: boolean;
  /** Where everything is to be written; undefined: see `--help`. */
  readonly folder: string | undefined;
}

/** For `--help`. */
export const HELP =
  `Measures this project's server with 1, 2, 3, ... clients until the sum levels out.

  deno task bench               everything, in at most 10 minutes: raw data and pictures in
                                docs/data/report/, and the figures of REPORT made anew from them
  deno task bench --quick       the same on a small scale, in less than a minute, in a
                                temporary folder: docs/data/report/ and REPORT stay as they are
  deno task bench --two-hosts   server and clients in two network namespaces, as if on two
                                machines (Linux, root), in a temporary folder
  deno task bench --rebuild     measures nothing: the figures of REPORT, and the pictures, from the raw
                                data in docs/data/report/ as it is
      --out FOLDER              write raw data, pictures and REPORT there, and nowhere else`;

/**
 * Reads the command line.
 *
 * @throws {UsageError} for anything that is not in `HELP`
 */
export function parseOptions(args: readonly string[]): Options {
  let isQuick = false;
  let isTwoHostsOnly = false;
  let isRebuildOnly = false;
  let folder: string | undefined;
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (arg === "--quick") isQuick = true;
    else if (arg === "--two-hosts") isTwoHostsOnly = true;
    else if (arg === "--rebuild") isRebuildOnly = true;
    else if (arg === "--out") {
      folder = left.shift();
      if (!folder) throw new UsageError("--out needs a folder (see deno task bench --help)");
    } else throw new UsageError(`There is no option ${arg} (see deno task bench --help)`);
  }
  return { isQuick, isTwoHostsOnly, isRebuildOnly, folder };
}
