/**
 * The order of the logs. Each has a number, one more than that of the log before, and a checkpoint holds
 * the number of the log that goes on behind it. So a file that is missing is noticed although all that
 * are there are whole: it may have held acknowledged changes.
 */
import type { Header } from "./file_header.ts";

/** Logs in their order. */
export interface LogChain {
  /** Number of each log; for a file of an earlier version, the number that it would have. */
  readonly numbers: readonly number[];
  /** How many logs at the beginning hold nothing that the checkpoint does not hold. */
  readonly supersededCount: number;
  /** Where a log is missing: before the log at this place (behind all: their count), and its number. */
  readonly missing: { readonly at: number; readonly number: number } | undefined;
}

/**
 * Puts logs in order.
 *
 * @param checkpoint header of the checkpoint; undefined if there is none
 * @param logs headers of the logs, in the order of their names; undefined: not readable
 */
export function orderLogs(
  checkpoint: Header | undefined,
  logs: readonly (Header | undefined)[],
): LogChain {
  const numbers: number[] = [];
  for (const header of logs) numbers.push(header?.log ?? (numbers.at(-1) ?? 0) + 1);
  const first = checkpoint ? checkpoint.log ?? numbers[0] ?? 1 : 1;
  const needed = numbers.findIndex((number) => number >= first);
  const supersededCount = needed < 0 ? numbers.length : needed;
  for (
    let at = supersededCount, number = first;
    at < Math.max(numbers.length, supersededCount + 1);
    at++
  ) {
    if (numbers[at] !== number) return { numbers, supersededCount, missing: { at, number } };
    number++;
  }
  return { numbers, supersededCount, missing: undefined };
}
