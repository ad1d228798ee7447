/** The flags `--check DIR` and `--repair DIR`. With one of them, `htserver` takes no other flags. */
import { UsageError } from "../base/errors.ts";

/** A task on a data folder. */
export interface CheckRepairTask {
  readonly task: "check" | "repair";
  readonly folder: string;
}

/** Help of the two flags. */
export const CHECK_HELP = "verify a data folder, print its contents, and end";
export const REPAIR_HELP = "repair a damaged data folder, and end";

/**
 * Parses a command line with one of the two flags.
 *
 * @returns undefined if the command line has neither
 * @throws {UsageError} if it has other arguments, too
 */
export function parseCheckRepairTask(args: readonly string[]): CheckRepairTask | undefined {
  const flag = args.find((arg) => /^--(check|repair)(=|$)/.test(arg));
  if (flag === undefined) return undefined;
  const [name, folder = args[1]] = flag.split("=", 2);
  const task = name === "--check" ? "check" : "repair";
  const isAlone = args[0] === flag && args.length === (flag.includes("=") ? 1 : 2);
  if (isAlone && folder) return { task, folder };
  throw new UsageError(`${name} takes a data folder and nothing else: htserver ${name} DIR`);
}
