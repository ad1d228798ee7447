/**
 * A line of bytes that depends on a key: a request or an expected reply. The lines for two keys of a run
 * differ only where the number of the key is, so these bytes are replaced for each key. Making and
 * encoding a text took longer than sending it.
 */
import { type Keys, NUMBER_CHARS } from "./keys.ts";

const encoder = new TextEncoder();

/** A line for one key at a time. */
export class KeyedLine {
  /** The line for the key of the last `set`. */
  readonly bytes: Uint8Array;
  readonly #keys: Keys;
  /** Places of the number's characters. Only the last number can be cut off: by the end of a value. */
  readonly #places: Uint32Array;

  /** @param lineOf makes the line of a key; lines for all keys must have one length */
  constructor(keys: Keys, lineOf: (key: string) => string) {
    const line = (char: string) =>
      encoder.encode(lineOf(keys.withNumber(char.repeat(NUMBER_CHARS))));
    this.#keys = keys;
    this.bytes = line("0");
    const other = line("1");
    this.#places = Uint32Array.from(
      [...this.bytes.keys()].filter((at) => this.bytes[at] !== other[at]),
    );
  }

  /** Changes the line to that of the key with a number. */
  set(number: number): void {
    const { bytes } = this;
    const places = this.#places;
    const chars = this.#keys.numberChars(number);
    for (let at = 0, char = 0; at < places.length; at++) {
      bytes[places[at] ?? 0] = chars[char] ?? 0;
      if (++char === NUMBER_CHARS) char = 0;
    }
  }
}
