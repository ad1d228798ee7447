/** The open loop: requests leave by a schedule, whether earlier ones are answered or not. */
import type { ClientLoop, StageContext } from "./client_loop.ts";
import type { Schedule } from "../workload/schedule.ts";

/**
 * How long after the end of the schedule requests that are due may still leave, in milliseconds. What
 * is then left was more than the server takes, and is counted as never sent.
 */
export const OVERTIME_MS = 10_000;

/**
 * Sends by a schedule until its end, and waits for the answers.
 *
 * Requests that are due leave in batches, at the clock's resolution: one timer for all clients, no
 * looking at the clock in between. Each counts from its intended start.
 *
 * @param loops clients, in the schedule's order
 * @param first whose turn in the schedule the first of them has; other processes have the others
 * @param total requests, of all clients of the schedule
 */
export async function sendBySchedule(
  loops: readonly ClientLoop[],
  first: number,
  schedule: Schedule,
  total: number,
  { clock, startedMs, stop }: StageContext,
): Promise<void> {
  const intendedOf = loops.map((_, at) => (j: number) =>
    startedMs + schedule.ownDueMs(first + at, j)
  );
  for (let k = 0; k < total;) {
    if (stop.signal.aborted || loops.every((loop) => loop.isOutOfTasks)) break;
    const nowMs = clock.now() - startedMs;
    for (; k < total && schedule.dueMs(k) <= nowMs; k++) {
      const at = schedule.clientOf(k) - first;
      const intended = intendedOf[at];
      if (intended) loops[at]?.addDue(intended);
    }
    if (k < total) await clock.sleep(schedule.dueMs(k) - nowMs, stop.signal);
  }
  const isDrained = new AbortController();
  const all = Promise.all(loops.map((loop) => loop.waitUntilDrained())).then(() =>
    isDrained.abort()
  );
  const leftMs = startedMs + schedule.dueMs(total) + OVERTIME_MS - clock.now();
  await Promise.race([all, clock.sleep(Math.max(leftMs, 0), isDrained.signal)]);
  for (const loop of loops) loop.cut();
  await all;
}
