/**
 * Whether to sync at once, which stops everything for as long as it takes, or in the background, which
 * costs a hop to another thread and back but stops nobody.
 *
 * On a fast disk the hop costs a few clients more than the wait; many get it back, since the requests of
 * some are read while the changes of others are synced. docs/DURABILITY.md has the measurements.
 */

/** Above this mean, in milliseconds, syncs at once are left to the background. */
const SLOW_MS = 0.5;

/**
 * Below this mean, in milliseconds, syncs in the background are done at once again. Here the hop counts,
 * and what the server does before it looks: below `SLOW_MS` that alone would keep a fast disk for ever
 * in the background, where a checkpoint or somebody else's writes put it for a moment.
 */
const FAST_MS = 1;

/**
 * With as many replies that wait for a sync, or more, it is left to the background. About every other
 * client is among them: with up to some 30 clients that insert, syncs are at once.
 */
const MANY_WAITERS = 16;

/** Weight of the last sync in the running mean. */
const WEIGHT = 0.1;

/** A single slow sync counts as this much at most, in milliseconds: it may be anybody's noise. */
const CAP_MS = 2;

/** Decides from the times of the last syncs, and from how many wait for the next one. */
export class SyncPolicy {
  #isFast = true;
  #meanMs = 0;

  /**
   * Whether the next sync is to be done at once.
   *
   * @param waiters how many replies wait for it
   */
  isInline(waiters: number): boolean {
    return this.#isFast && waiters < MANY_WAITERS;
  }

  /** Takes the time that a sync took, in milliseconds, with the hop where there was one. */
  took(ms: number): void {
    this.#meanMs += WEIGHT * (Math.min(ms, CAP_MS) - this.#meanMs);
    const isFast = this.#meanMs < (this.#isFast ? SLOW_MS : FAST_MS);
    if (isFast === this.#isFast) return;
    this.#isFast = isFast;
    this.#meanMs = isFast ? 0 : CAP_MS; // a while for the other way to show its times
  }
}
