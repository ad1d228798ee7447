/**
 * From the hash of a key to its slot: open addressing with linear probing, spread over shards, so
 * that growth moves only a thousandth at a time.
 *
 * A shard is a block of the arena: words, a power of two of them, each 0 or
 *
 *     4 highest bits of the hash, slot + 1 (28 bits)
 *
 * The four bits tell most other keys apart without a look at their slots. The whole hash is with the
 * slot. The hash's 10 lowest bits choose the shard, the bits above them where the search begins.
 */
import { areEqual } from "../base/span.ts";
import { type Arena, byteIndex } from "../base/arena.ts";
import { entryKeyBytes, KEY_OFFSET } from "./entry.ts";
import type { Slots } from "./slots.ts";

const SHARD_BITS = 10;
const SHARDS = 1 << SHARD_BITS;

const TAG_SHIFT = 28;
const SLOT_MASK = (1 << TAG_SHIFT) - 1;

/** Words of a shard at first: a power of two. */
const FIRST_WORDS = 4;

/**
 * The most that a key takes here, in bytes, whatever came before: at least a third of a shard's
 * words are in use. (Beyond that, small shards take up to 24 bytes each.)
 */
export const INDEX_BYTES = 12;

/** In place of a shard that is not there yet; never written to. */
const NO_SHARD = new Int32Array(1);

/** Finds slots by key. */
export class SlotIndex {
  readonly #arena: Arena;
  readonly #slots: Slots;
  readonly #shards: Int32Array[] = Array.from({ length: SHARDS }, () => NO_SHARD);
  readonly #addresses = new Int32Array(SHARDS);
  readonly #sizes = new Int32Array(SHARDS);

  constructor(arena: Arena, slots: Slots) {
    this.#arena = arena;
    this.#slots = slots;
  }

  /** The slot of the key with these bytes, or -1. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const shard = this.#shards[hash & (SHARDS - 1)] ?? NO_SHARD;
    const mask = shard.length - 1;
    for (let at = homeOf(hash, mask);; at = (at + 1) & mask) {
      const word = shard[at] ?? 0;
      if (word === 0) return -1;
      if ((word ^ hash) >>> TAG_SHIFT !== 0) continue;
      const slot = (word & SLOT_MASK) - 1;
      if (this.#slots.hashAt(slot) === hash && this.#isKey(slot, bytes, start, end)) return slot;
    }
  }

  /**
   * Sees to it that the next `add` of this hash has room.
   *
   * @throws RangeError where there is no memory for it
   */
  reserve(hash: number): void {
    const number = hash & (SHARDS - 1);
    const words = (this.#shards[number] ?? NO_SHARD).length;
    if (((this.#sizes[number] ?? 0) + 1) * 4 <= words * 3) return;
    const larger = Math.max(FIRST_WORDS, words * 2);
    this.#move(number, this.#arena.allocate(larger * 4), larger);
  }

  /** Adds a slot whose key is not here, after `reserve`. */
  add(hash: number, slot: number): void {
    const number = hash & (SHARDS - 1);
    this.#sizes[number] = (this.#sizes[number] ?? 0) + 1;
    put(this.#shards[number] ?? NO_SHARD, hash, hash & ~SLOT_MASK | (slot + 1));
  }

  /** Removes a slot that is here, and still knows its hash. */
  remove(hash: number, slot: number): void {
    const number = hash & (SHARDS - 1);
    const shard = this.#shards[number] ?? NO_SHARD;
    const mask = shard.length - 1;
    const wanted = hash & ~SLOT_MASK | (slot + 1);
    let at = homeOf(hash, mask);
    while (shard[at] !== wanted) at = (at + 1) & mask;
    this.#sizes[number] = (this.#sizes[number] ?? 0) - 1;
    // Entries behind it move up where they may, so that no gap hides one.
    for (let next = (at + 1) & mask;; next = (next + 1) & mask) {
      const word = shard[next] ?? 0;
      if (word === 0) break;
      const home = homeOf(this.#slots.hashAt((word & SLOT_MASK) - 1), mask);
      if (((next - home) & mask) < ((next - at) & mask)) continue;
      shard[at] = word;
      at = next;
    }
    shard[at] = 0;
  }

  /** Gives memory back where removals have left the shard of this hash too large. */
  shrink(hash: number): void {
    const number = hash & (SHARDS - 1);
    const words = (this.#shards[number] ?? NO_SHARD).length, used = this.#sizes[number] ?? 0;
    let enough = words;
    while (enough > FIRST_WORDS && used * 3 < enough) enough /= 2;
    if (enough === words) return;
    const address = this.#arena.tryAllocate(enough * 4);
    if (address !== 0) this.#move(number, address, enough);
  }

  /** Gives all memory back; it must be empty. */
  clear(): void {
    for (let number = 0; number < SHARDS; number++) {
      const address = this.#addresses[number] ?? 0;
      if (address !== 0) this.#arena.free(address);
      this.#addresses[number] = 0;
      this.#shards[number] = NO_SHARD;
    }
  }

  #isKey(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
    const arena = this.#arena;
    const address = this.#slots.addressAt(slot);
    if (entryKeyBytes(arena, address) !== end - start) return false;
    const at = byteIndex(address) + KEY_OFFSET;
    return areEqual(arena.bytesOf(address), at, at + end - start, bytes, start, end);
  }

  #move(number: number, address: number, words: number): void {
    const shard = this.#arena.wordsIn(address, words);
    shard.fill(0);
    for (const word of this.#shards[number] ?? NO_SHARD) {
      if (word !== 0) put(shard, this.#slots.hashAt((word & SLOT_MASK) - 1), word);
    }
    const old = this.#addresses[number] ?? 0;
    if (old !== 0) this.#arena.free(old);
    this.#addresses[number] = address;
    this.#shards[number] = shard;
  }
}

/** Where the search for a hash begins. */
function homeOf(hash: number, mask: number): number {
  return (hash >>> SHARD_BITS) & mask;
}

function put(shard: Int32Array, hash: number, word: number): void {
  const mask = shard.length - 1;
  let at = homeOf(hash, mask);
  while (shard[at] !== 0) at = (at + 1) & mask;
  shard[at] = word;
}
