/** Waiting for the event loop, in tests that need its rounds and no time. */

/** Resolves after one round of the event loop. */
export function nextRound(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
