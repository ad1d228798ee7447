/**
 * Keys of one bucket, in one buffer. Each has a position: a secret hash of its text, so that the order of
 * positions is the same in each part of a search, whatever order the store uses.
 *
 * Two keys of a bucket may have one position: in a table of five million keys with a chance of one in ten
 * million. They are never separated.
 */
import { ByteBuilder } from "../bytes/byte_builder.ts";
import { KeyHash } from "../table/key_hash.ts";

/** Bytes that a key takes beside its text, about. */
const KEY_BYTES = 32;

/** Longest buffer that is kept for the keys of the next bucket, in bytes. */
const MAX_KEPT_BYTES = 65_536;

const highHash = new KeyHash(), lowHash = new KeyHash();

/** The position of a key: an integer of 53 bits. */
export function positionOf(bytes: Uint8Array, start: number, end: number): number {
  return (highHash.of(bytes, start, end) >>> 0) * 2 ** 21 + (lowHash.of(bytes, start, end) >>> 11);
}

/** A list of keys. */
export class FoundKeys {
  #text = new ByteBuilder(new Uint8Array(0));
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** The keys by their numbers in the arrays above, in the order of the list. */
  #order: number[] = [];
  #positions: number[] = [];

  get count(): number {
    return this.#order.length;
  }

  /** Bytes of memory, about. */
  get usedBytes(): number {
    return this.#text.length + this.#starts.length * KEY_BYTES;
  }

  /** The buffer of all keys; a key is from `startOf` to `endOf`. */
  get bytes(): Uint8Array {
    return this.#text.bytes;
  }

  startOf(index: number): number {
    return this.#starts[this.#order[index] ?? -1] ?? 0;
  }

  endOf(index: number): number {
    return this.#ends[this.#order[index] ?? -1] ?? 0;
  }

  /** The position of a key, after `sort`; Infinity behind the last key. */
  positionAt(index: number): number {
    return this.#positions[this.#order[index] ?? -1] ?? Infinity;
  }

  /** Whether a key has the position of the one before it, after `sort`. */
  isTied(index: number): boolean {
    return index > 0 && this.positionAt(index - 1) === this.positionAt(index);
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    this.#order.push(this.#starts.length);
    this.#starts.push(this.#text.length);
    this.#text.add(bytes, start, end);
    this.#ends.push(this.#text.length);
  }

  /** Orders the keys by their positions. */
  sort(): void {
    const positions = this.#positions;
    for (let key = positions.length; key < this.#starts.length; key++) {
      positions.push(positionOf(this.bytes, this.#starts[key] ?? 0, this.#ends[key] ?? 0));
    }
    this.#order.sort((one, other) => (positions[one] ?? 0) - (positions[other] ?? 0));
  }

  /**
   * Drops the last keys of the order of positions, about half of the bytes.
   *
   * @returns the first position that is dropped; Infinity: nothing, because all keys have one position
   */
  dropHalf(): number {
    this.sort();
    const half = this.#text.length / 2;
    let kept = 0;
    for (let bytes = 0; kept < this.count && (kept === 0 || bytes < half); kept++) {
      bytes += this.endOf(kept) - this.startOf(kept);
    }
    if (kept === this.count) kept--;
    while (kept > 0 && this.positionAt(kept - 1) === this.positionAt(kept)) kept--;
    if (kept === 0) {
      do kept++; while (this.positionAt(kept - 1) === this.positionAt(kept));
    }
    const cut = this.positionAt(kept);
    if (cut === Infinity) return cut;
    const { bytes } = this.#text, order = this.#order.slice(0, kept);
    const starts = order.map((key) => this.#starts[key] ?? 0);
    const ends = order.map((key) => this.#ends[key] ?? 0);
    this.#text = new ByteBuilder(new Uint8Array(0));
    this.clear();
    for (const [index, start] of starts.entries()) this.add(bytes, start, ends[index] ?? 0);
    return cut;
  }

  clear(): void {
    this.#starts.length =
      this.#ends.length =
      this.#order.length =
      this.#positions.length =
        0;
    if (this.bytes.length > MAX_KEPT_BYTES) this.#text = new ByteBuilder(new Uint8Array(0));
    this.#text.length = 0;
  }
}
