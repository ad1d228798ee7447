/** The verdict on the history of a load: lost changes, wrong values, stale reads. */
import { formatValue, type Operation } from "../../crash/history/history.ts";
import { judge } from "../../crash/history/judge.ts";
import { checkLinearizable } from "../../crash/history/linearizability.ts";
import type { FaultLoad } from "./fault_load.ts";

/** What a load saw. */
export interface Verdict {
  readonly acknowledged: number;
  readonly unknown: number;
  readonly refused: number;
  /** Keys on which an acknowledged change is gone or was visible out of its time. */
  readonly lost: number;
  /** Keys with a value that no client wrote, or whose insert was refused. */
  readonly wrong: number;
  /** Lookups that did not show the state of their time. */
  readonly stale: number;
  readonly longestGapMs: number;
  /** The stories of all failures; a stale read is one if reads are fenced. */
  readonly failures: readonly string[];
}

/** The members of a load that the verdict needs. */
export type Judged = Pick<
  FaultLoad,
  "history" | "unknown" | "refused" | "refusedValues" | "longestGapMs"
>;

/**
 * Judges all keys of a load.
 *
 * @param areReadsFenced whether a stale read is a failure
 */
export function judgeLoad(load: Judged, areReadsFenced: boolean): Verdict {
  const { history, unknown, refused, refusedValues, longestGapMs } = load;
  const failures: string[] = [];
  let lost = 0, wrong = 0, stale = 0;
  for (const key of history.keys()) {
    const operations = history.of(key);
    const refusedValue = operations.map(({ reply }) => reply?.value)
      .find((value) => value !== undefined && refusedValues.has(value));
    if (refusedValue !== undefined) {
      wrong++;
      failures.push(`${key} has a value whose insert got ERROR: ${formatValue(refusedValue)}`);
      continue;
    }
    const finding = judge(key, operations);
    if (finding === undefined) continue;
    const isWrong = finding.failure === "value that no client wrote";
    const ofChanges = judge(key, withoutReads(operations));
    if (isWrong) wrong++;
    else if (ofChanges !== undefined) lost++;
    else stale += findStaleReads(operations).length;
    const failure = areReadsFenced || isWrong ? finding : ofChanges;
    if (failure !== undefined) failures.push(`${failure.failure}: ${failure.story}`);
  }
  const { acknowledged } = history;
  return { acknowledged, unknown, refused, lost, wrong, stale, longestGapMs, failures };
}

/** The operations without lookups under load; the last one, after the load, stays. */
function withoutReads(operations: readonly Operation[]): Operation[] {
  const last = lastOf(operations);
  return operations.filter((one) => one.action.method !== "lookup" || one === last);
}

function lastOf(operations: readonly Operation[]): Operation | undefined {
  return operations.findLast(({ by, action }) => action.method === "lookup" && by === "at the end");
}

/** The lookups that do not fit the changes, each alone. */
function findStaleReads(operations: readonly Operation[]): Operation[] {
  const changes = withoutReads(operations);
  return operations.filter((one) =>
    one.action.method === "lookup" && one.reply !== undefined && !changes.includes(one) &&
    checkLinearizable([...changes, one]) !== "linearizable"
  );
}
