/**
 * The keys of a run. They have one size, and the seed scatters them. Two tests of one server never share
 * a key, even with the same seed.
 *
 * A key is `PREFIX-NNNNNNNNNN`: the prefix of the run (random by default), then ten characters that
 * map one to one to the number of the key. The seed determines the mapping.
 */
import { scatterBits } from "./seeded_streams.ts";

/** Characters of a random prefix after `testperf-`: 60 bits. */
const RUN_CHARS = 12;

/** Characters of the part after the prefix: 15 bits and 32 bits, five bits in each character. */
const HIGH_CHARS = 3, LOW_CHARS = 7;

/** Lowest number of the keys for warm-ups, which are never measured. */
export const WARMUP_KEYS = 0x4000 * 2 ** 32;

/** Creates the keys of a run. */
export class Keys {
  /** The start of every key. */
  readonly prefix: string;
  readonly #seed: number;

  /**
   * @param seed scatters the keys
   * @param prefix two runs with the same prefix and seed have the same keys (default: random)
   */
  constructor(seed: number, prefix: string = `testperf-${randomName(RUN_CHARS)}`) {
    this.prefix = prefix;
    this.#seed = scatterBits(seed);
  }

  /** Size of each key, in bytes: all characters are ASCII. */
  get size(): number {
    return this.prefix.length + 1 + HIGH_CHARS + LOW_CHARS;
  }

  /** Returns the key of a number. @param number from 0 to below 2 ** 47 */
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
