/** The time as a measurement sees it: the machine's, or in tests one that the test advances. */
import { sleep } from "../../base/clock.ts";

/** Time and waiting. */
export interface Clock {
  /** Time since some moment, in milliseconds with fractions; it never goes back. */
  now(): number;
  /** Wall-clock time, in milliseconds since 1970: the same for all processes of a machine. */
  unixMs(): number;
  /**
   * Waits, at least so long.
   *
   * @param ms in milliseconds
   * @param signal ends the wait at once
   */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>;
}

/**
 * The machine's clock. Its timers count in whole milliseconds and come up to about two late, so a
 * shorter wait takes one to two and a half; looking at the clock in a loop would be more exact, but
 * would take a whole processor from the server.
 */
export const machineClock: Clock = {
  now: () => performance.now(),
  unixMs: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => sleep(Math.max(1, Math.ceil(ms)), signal),
};
