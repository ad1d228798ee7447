/** The size of the measurements. */

/** The number and length of the measurements. */
export interface Scale {
  /** Keys of the large table. */
  readonly keys: number;
  /** Rounds; a question with slow rounds has fewer. */
  readonly rounds: number;
  /** The length of one load, in seconds. */
  readonly loadS: number;
}

/** The size behind the figures in docs/DURABILITY.md. */
export const FULL: Scale = { keys: 1_000_000, rounds: 5, loadS: 1 };

/** A small size that only tests the measurements: its figures have no meaning. */
export const QUICK: Scale = { keys: 20_000, rounds: 1, loadS: 0.2 };
