/** `htserver --check DIR` and `htserver --repair DIR`: they serve nothing, and take no other flags. */
import { UsageError } from "../base/errors.ts";

/** What to do with a data folder. */
export interface CheckRepairTask {
  readonly task: "check" | "repair";
  readonly folder: string;
}

/** Help of the two flags. */
export const CHECK_HELP = "verify a data folder, show what is in it, and end";
export const REPAIR_HELP = "salvage what can be read of a damaged data folder, and end";

/**
 * Looks for one of the two flags.
 *
 * @returns undefined where the command line asks for a server
 * @throws {UsageError} where there is more beside it
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
