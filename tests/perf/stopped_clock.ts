/** A clock that only the test advances; it replaces `performance.now`. */

/** The clock; its disposal restores the real one. */
export interface StoppedClock extends Disposable {
  advance(ms: number): void;
}

/**
 * Stops the clock.
 *
 * @param msPerRead time by which each reading advances the clock (default 0)
 */
export function stoppedClock(msPerRead: number = 0): StoppedClock {
  const { now } = performance;
  let ms = 1_000;
  performance.now = () => ms += msPerRead;
  return {
    advance: (more) => void (ms += more),
    [Symbol.dispose]: () => void (performance.now = now),
  };
}
