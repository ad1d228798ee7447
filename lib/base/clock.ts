/**
 * The wall clock, and waits that can be aborted.
 *
 * An operator may set the wall clock forward or back. So the wall clock is only for dates, and for times
 * that other machines compare. No other file reads it (`tests/clock_rule_test.ts`). Durations are
 * differences of `performance.now()`, which never goes back.
 */

/** Wall-clock time, in Unix milliseconds. */
export function unixMs(): number {
  return Date.now();
}

/** Wall-clock time, in whole Unix seconds, the unit of the catalog. */
export function unixSeconds(): number {
  return Math.floor(unixMs() / 1000);
}

/** Wall-clock time in ISO 8601: `2026-01-31T12:00:00.000Z`. */
export function isoTime(): string {
  return new Date(unixMs()).toISOString();
}

/**
 * Waits for a time or a little longer: timers count in whole milliseconds.
 *
 * @param ms the time, in milliseconds
 * @param signal aborts the wait (default: none)
 * @returns true after the whole time, false after an abort
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve(true);
    }, Math.ceil(ms));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * The pause after a failed attempt, in milliseconds. It doubles with each failure, up to the largest.
 *
 * @param failures failed attempts in a row, at least 1
 */
export function pauseAfterFailures(
  { first, largest }: { readonly first: number; readonly largest: number },
  failures: number,
): number {
  return Math.min(first * 2 ** (failures - 1), largest);
}

/**
 * Waits for a promise, at most for a time.
 *
 * @param promise if it is rejected in time, this function throws its error
 * @param ms the time, in milliseconds
 * @param signal aborts the wait (default: none)
 * @returns whether the promise was fulfilled in time
 */
export async function settlesWithin(
  promise: Promise<unknown>,
  ms: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const settled = new AbortController();
  const anySignal = signal ? AbortSignal.any([signal, settled.signal]) : settled.signal;
  try {
    return await Promise.race([promise.then(() => true), sleep(ms, anySignal).then(() => false)]);
  } finally {
    settled.abort();
  }
}

/** The clock of one component, so that tests can replace it by a virtual one. */
export interface Timing {
  /** Monotonic time, in milliseconds. */
  now(): number;
  /** See `sleep`. */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean>;
}

/** Timing with a time that all processes of one machine agree on. */
export interface Clock extends Timing {
  /** Wall-clock time, in Unix milliseconds with fractions; its offset to `now()` stays the same. */
  unixMs(): number;
}

/** The real clock. */
export const machineTiming: Timing = { now: () => performance.now(), sleep };

/**
 * The clock of this machine. Its timers fire up to about 2 ms late. A loop that polls the clock
 * would be more exact, but would take a whole processor from the server.
 */
export const machineClock: Clock = {
  ...machineTiming,
  unixMs: () => performance.timeOrigin + performance.now(),
};
