/** A writer of the result of a search, `[["key",value],...]`, from the bytes of the table. */
import { ByteChunks } from "../bytes/byte_chunks.ts";
import type { Entry } from "../table/hash_table.ts";

const encoder = new TextEncoder();
const OPEN = encoder.encode("[");
const COMMA = encoder.encode(",");
const BEFORE_KEY = encoder.encode('["');
const BEFORE_VALUE = encoder.encode('",');
const CLOSE = encoder.encode("]");

/** Bytes of a pair beside the texts of key and value: `["",]`. */
export const PAIR_FRAME_BYTES = 5;

/** Bytes of an entry as a pair. */
export function pairBytes({ keyStart, valueEnd }: Entry): number {
  return valueEnd - keyStart + PAIR_FRAME_BYTES;
}

/** Writes pairs as the text of a JSON array, up to a number of bytes. */
export class PairWriter {
  readonly #text = new ByteChunks();
  readonly #maxBytes: number;
  #count = 0;

  /** @param maxBytes most bytes of the text, the closing bracket included */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#text.add(OPEN);
  }

  /** Number of pairs. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the text so far. */
  get bytes(): number {
    return this.#text.length;
  }

  /** Adds a pair; false: there is no room, and nothing is added. */
  add({ bytes, keyStart, keyEnd, valueEnd }: Entry): boolean {
    return this.addTexts(bytes, keyStart, keyEnd, bytes, keyEnd, valueEnd);
  }

  /** Adds a pair whose key and value are in different buffers. */
  addTexts(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    const text = this.#text;
    const commaBytes = this.#count === 0 ? 0 : 1;
    const bytes = commaBytes + keyEnd - keyStart + valueEnd - valueStart + PAIR_FRAME_BYTES;
    if (text.length + bytes + 1 > this.#maxBytes) return false;
    if (commaBytes > 0) text.add(COMMA);
    text.add(BEFORE_KEY);
    text.add(key, keyStart, keyEnd);
    text.add(BEFORE_VALUE);
    text.add(value, valueStart, valueEnd);
    text.add(CLOSE);
    this.#count++;
    return true;
  }

  /** Adds the closing bracket and returns the text. */
  finish(): ByteChunks {
    this.#text.add(CLOSE);
    return this.#text;
  }

  /** Releases the text. */
  clear(): void {
    this.#text.clear();
  }
}
