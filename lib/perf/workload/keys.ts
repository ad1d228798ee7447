/**
 * The keys of a run: of one known size, scattered by the seed, and of this run alone, so that several
 * tests of one server do not touch each other's, whatever their seeds are.
 *
 * A key is `PREFIX-NNNNNNNNNN`: the run's prefix (random, unless given), then ten characters that
 * follow from the seed and the key's number, one to one.
 */
import { scatterBits } from "./seeded_streams.ts";

/** Characters of a random prefix after `testperf-`: 60 bits. */
const RUN_CHARS = 12;

/** Characters of a key's own part: 15 bits and 32 bits, five in each character. */
const HIGH_CHARS = 3, LOW_CHARS = 7;

/** Keys from this number on are for warming up: they are never among those that are measured. */
export const WARMUP_KEYS = 0x4000 * 2 ** 32;

/** Makes the keys of a run. */
export class Keys {
  /** What all of them begin with. */
  readonly prefix: string;
  readonly #seed: number;

  /**
   * @param seed scatters the keys
   * @param prefix two runs with the same one (and the same seed) have the same keys (default: random)
   */
  constructor(seed: number, prefix: string = `testperf-${randomName(RUN_CHARS)}`) {
    this.prefix = prefix;
    this.#seed = scatterBits(seed);
  }

  /** Characters of each key; all are ASCII, so bytes too. */
  get size(): number {
    return this.prefix.length + 1 + HIGH_CHARS + LOW_CHARS;
  }

  /** The key of a number, from 0 to below 2 ** 47. */
  key(number: number): string {
    const high = Math.floor(number / 2 ** 32);
    const low = scatterBits((number % 2 ** 32) ^ this.#seed);
    return `${this.prefix}-${base32(high, HIGH_CHARS)}${base32(low, LOW_CHARS)}`;
  }
}

function base32(number: number, chars: number): string {
  return number.toString(32).padStart(chars, "0");
}

function randomName(chars: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(chars));
  return Array.from(bytes, (byte) => (byte & 31).toString(32)).join("");
}
