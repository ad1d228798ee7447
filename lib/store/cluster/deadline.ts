/** Work with a time limit. */
import type { Timing } from "../../base/clock.ts";

/**
 * Runs work, at most for a time.
 *
 * @param ms the time, in milliseconds
 * @param work gets a signal that is aborted when the time is over, and must then clean up after itself
 * @param signal aborts the work earlier (default: none)
 * @throws {Error} at the end of the time, after an abort, or what the work throws
 */
export async function within<T>(
  timing: Timing,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const expired = new AbortController(), waiting = new AbortController();
  let isSettled = false;
  const expiry = timing.sleep(ms, waiting.signal).then((isOver): never => {
    const error = new Error(isOver ? `no reply within ${ms} ms` : "it was given up");
    if (!isSettled) expired.abort(error);
    throw error;
  });
  expiry.catch(() => {}); // its error comes also after the work has ended
  // Not `AbortSignal.any`: the signal may outlive many such waits, and would remember each.
  const abort = () => waiting.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work(expired.signal), expiry]);
  } finally {
    isSettled = true;
    signal?.removeEventListener("abort", abort);
    waiting.abort();
  }
}
