/**
 * The chain of logs, which shows that a log is missing.
 *
 * Each log has a number, one more than that of the log before. A checkpoint holds the number of the log
 * that follows it. So a missing log is noticed although all the other files are whole: it may have held
 * acknowledged changes.
 */
import type { Header } from "./file_header.ts";

/** The order of the logs of a folder. */
export interface LogChain {
  /** Number of each log; a log of an earlier version gets the number after the one before it. */
  readonly numbers: readonly number[];
  /** Number of logs, from the first one, that hold only changes that the checkpoint also holds. */
  readonly supersededCount: number;
  /** The first gap: the number of the missing log, and the index of the log after it in the list. */
  readonly missing: { readonly at: number; readonly number: number } | undefined;
}

/**
 * Orders logs by their numbers and finds the first gap.
 *
 * @param checkpoint header of the checkpoint; undefined without a checkpoint
 * @param logs headers of the logs, in the order of their names; undefined if a header is unreadable
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
