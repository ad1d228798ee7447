/**
 * Time: waiting that can be called off, and the wall clock.
 *
 * The wall clock may be set, forward and back: it is for dates, and for what other machines compare.
 * Every duration is a difference of `performance.now()`, which only goes forward. Nothing else reads
 * the wall clock (`tests/clock_rule_test.ts`).
 */

/** Wall-clock time, in Unix milliseconds. */
export function unixMs(): number {
  return Date.now();
}

/** Wall-clock time, in whole Unix seconds, as the catalog counts it. */
export function unixSeconds(): number {
  return Math.floor(unixMs() / 1000);
}

/** Wall-clock time as in `2026-01-31T12:00:00.000Z`. */
export function isoTime(): string {
  return new Date(unixMs()).toISOString();
}

/**
 * Waits, at least this long: timers count in whole milliseconds.
 *
 * @param ms in milliseconds
 * @param signal ends the wait at once (default: none)
 * @returns true after the whole time, false when called off
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
 * The pause after a failed attempt, in milliseconds: pauses double up to the largest.
 *
 * @param failures failed attempts in a row, from 1 on
 */
export function pauseAfterFailures(
  { first, largest }: { readonly first: number; readonly largest: number },
  failures: number,
): number {
  return Math.min(first * 2 ** (failures - 1), largest);
}

/**
 * Waits for a promise, but not for ever.
 *
 * @param promise what is waited for; its rejection passes through
 * @param ms how long, in milliseconds
 * @param signal ends the wait at once (default: none)
 * @returns whether the promise was fulfilled in time
 */
export async function settlesWithin(
  promise: Promise<unknown>,
  ms: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const over = new AbortController();
  const giveUp = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  try {
    return await Promise.race([promise.then(() => true), sleep(ms, giveUp).then(() => false)]);
  } finally {
    over.abort();
  }
}

/** Durations and waits of one component, so that tests can put a virtual clock in their place. */
export interface Timing {
  /** Monotonic time, in milliseconds. */
  now(): number;
  /** See `sleep`. */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean>;
}

/** Timing that also has moments which several processes of one machine agree on. */
export interface Clock extends Timing {
  /** Wall-clock time, in Unix milliseconds with fractions; its offset to `now()` stays the same. */
  unixMs(): number;
}

/** The timing of this machine. */
export const machineTiming: Timing = { now: () => performance.now(), sleep };

/**
 * The clock of this machine. Its timers fire up to about 2 ms late. A loop that polls the clock
 * would be more exact, but would take a whole processor from the server.
 */
export const machineClock: Clock = {
  ...machineTiming,
  unixMs: () => performance.timeOrigin + performance.now(),
};
