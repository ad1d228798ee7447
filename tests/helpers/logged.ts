/** A log in memory. */
import { createLog, type Log, type LogFormat } from "../../lib/base/log.ts";

/** A log, and the lines that were written to it. */
export function logged(format: LogFormat, isDebug: boolean = false): { lines: string[]; log: Log } {
  const lines: string[] = [];
  return { lines, log: createLog({ format, isDebug, write: (line) => void lines.push(line) }) };
}
