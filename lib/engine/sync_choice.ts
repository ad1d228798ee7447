/**
 * Whether to sync at once, which stops everything for as long as it takes, or in the background, which
 * costs a hop to another thread and back but stops nobody.
 *
 * On a fast disk the hop costs more than the wait. docs/DURABILITY.md has the measurements.
 */

/** A sync that takes longer than this, in milliseconds, is left to the background. */
const INLINE_MS = 0.5;

/** Weight of the last sync in the running mean. */
const WEIGHT = 0.1;

/** A single slow sync counts as this much at most, in milliseconds: it may be anybody's noise. */
const CAP_MS = 4 * INLINE_MS;

/** Decides from the times of the last syncs. */
export class SyncChoice {
  #meanMs = 0;

  /** Whether the next sync is to be done at once. */
  get isInline(): boolean {
    return this.#meanMs < INLINE_MS;
  }

  /** Takes the time that a sync took, in milliseconds. */
  took(ms: number): void {
    this.#meanMs += WEIGHT * (Math.min(ms, CAP_MS) - this.#meanMs);
  }
}
