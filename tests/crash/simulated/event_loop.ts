/** A wait for a round of the event loop, for tests that need no time. */

/** Resolves after one round of the event loop. */
export function nextRound(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
