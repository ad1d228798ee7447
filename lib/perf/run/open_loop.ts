/** The open loop: clients send requests by a schedule, and do not wait for earlier replies. */
import type { ClientLoop, StageContext } from "./client_loop.ts";
import type { Schedule } from "../workload/schedule.ts";

/**
 * Time after the end of the schedule in which due requests can still be sent, in milliseconds. The rest
 * is more than the server sustains, and counts as never sent.
 */
export const OVERTIME_MS = 10_000;

/**
 * Sends requests by a schedule until its end, and waits for the replies.
 *
 * Due requests are sent in batches, at the resolution of the clock: one timer serves all clients, and
 * no loop polls the clock. The latency of each counts from its intended start.
 *
 * @param loops clients of this process, in the order of the schedule
 * @param first index of the first of them in the schedule; the others are in other processes
 * @param total number of requests of all clients of the schedule
 */
export async function sendBySchedule(
  loops: readonly ClientLoop[],
  first: number,
  schedule: Schedule,
  total: number,
  { clock, times, stop }: StageContext,
): Promise<void> {
  const { startedMs } = times;
  const intendedOf = loops.map((_, at) => (j: number) =>
    startedMs + schedule.ownDueMs(first + at, j)
  );
  for (let k = 0; k < total;) {
    if (stop.signal.aborted || times.isCut || loops.every((loop) => loop.isOutOfTasks)) break;
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
