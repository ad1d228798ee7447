/** A clock that only the test advances, in place of `performance.now`. */

/** The clock; disposing of it gives the true one back. */
export interface StoppedClock extends Disposable {
  advance(ms: number): void;
}

/**
 * Stops the clock.
 *
 * @param msPerLook by how much each look at it advances it (default 0)
 */
export function stoppedClock(msPerLook: number = 0): StoppedClock {
  const { now } = performance;
  let ms = 1_000;
  performance.now = () => ms += msPerLook;
  return {
    advance: (more) => void (ms += more),
    [Symbol.dispose]: () => void (performance.now = now),
  };
}
