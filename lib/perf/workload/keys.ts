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

/** Characters of the part that depends on the number of the key. */
export const NUMBER_CHARS = HIGH_CHARS + LOW_CHARS;

const DIGITS = new TextEncoder().encode("0123456789abcdefghijklmnopqrstuv");

/** Lowest number of the keys for warm-ups, which are never measured. */
export const WARMUP_KEYS = 0x4000 * 2 ** 32;

/** Creates the keys of a run. */
export class Keys {
  /** The start of every key. */
  readonly prefix: string;
  readonly #seed: number;
  readonly #chars = new Uint8Array(NUMBER_CHARS);

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
    return this.prefix.length + 1 + NUMBER_CHARS;
  }

  /** Returns the key of a number. @param number from 0 to below 2 ** 47 */
  key(number: number): string {
    return this.withNumber(String.fromCharCode(...this.numberChars(number)));
  }

  /** Returns the key with these last characters. */
  withNumber(chars: string): string {
    return `${this.prefix}-${chars}`;
  }

  /** Returns the last characters of a key, valid until the next call. @param number as of `key` */
  numberChars(number: number): Uint8Array {
    const chars = this.#chars;
    let high = Math.floor(number / 2 ** 32);
    for (let at = HIGH_CHARS - 1; at >= 0; at--, high >>>= 5) chars[at] = DIGITS[high & 31] ?? 0;
    let low = scatterBits((number % 2 ** 32) ^ this.#seed);
    for (let at = NUMBER_CHARS - 1; at >= HIGH_CHARS; at--, low >>>= 5) {
      chars[at] = DIGITS[low & 31] ?? 0;
    }
    return chars;
  }
}

function randomName(chars: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(chars));
  return Array.from(bytes, (byte) => (byte & 31).toString(32)).join("");
}
