/** The results of single runs in files, of which a sum is made. */
import { ExitError, messageOf } from "../../base/errors.ts";
import { plainLine } from "../../base/quote.ts";
import { readWholeRun } from "../results/read_run.ts";
import type { RunData } from "../results/run_data.ts";

/** The output of `--json` of one process. */
export interface RunFile {
  /** Names the run in messages. */
  readonly file: string;
  readonly data: RunData;
}

/** The error of runs that cannot be added up; the message names the files and the reason. */
export class SumError extends ExitError {
  override name = "SumError";

  constructor(files: readonly string[], reason: string) {
    // Names and parts of foreign files must not control a terminal.
    super(plainLine(`Cannot add up ${namesText(files)}: ${reason}`));
  }
}

/**
 * Reads the results of runs.
 *
 * @param read returns the content of a file
 * @throws {SumError} for the first file that is not the whole result of a run
 */
export async function readRunFiles(
  files: readonly string[],
  read: (file: string) => Promise<string>,
): Promise<RunFile[]> {
  const runs: RunFile[] = [];
  for (const file of files) {
    try {
      runs.push({ file, data: readWholeRun(await read(file)) });
    } catch (error) {
      throw new SumError([file], messageOf(error));
    }
  }
  return runs;
}

/** Maximum number of files that a message names. */
const MAX_NAMES = 4;

function namesText(files: readonly string[]): string {
  const names = files.slice(0, MAX_NAMES).map((file) => `'${file}'`);
  const more = files.length - names.length;
  const all = more > 0 ? [...names, `${more} more`] : names;
  const last = all.at(-1) ?? "";
  return all.length < 2 ? last : `${all.slice(0, -1).join(", ")} and ${last}`;
}
