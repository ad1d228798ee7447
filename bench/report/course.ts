/** What the course's grading notes tell of its solution in Python, with one client on another machine. */
import type { Operation } from "../../lib/perf/workload/operation.ts";

/** One operation of theirs. */
export interface CourseFigure {
  readonly operation: "insert" | "lookup" | "query" | "remove";
  readonly opsPerSecond: number;
  /** What is measured here that does the nearest thing. */
  readonly nearest: Operation;
}

/** All of them. */
export const COURSE: readonly CourseFigure[] = [
  { operation: "insert", opsPerSecond: 2_141, nearest: "insert" },
  { operation: "lookup", opsPerSecond: 5_129, nearest: "lookup" },
  // Both walk the whole table; testperf does not measure query.
  { operation: "query", opsPerSecond: 159, nearest: "scan" },
  { operation: "remove", opsPerSecond: 5_197, nearest: "remove" },
];
