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
import { type Arena, byteIndex, wordIndex } from "../base/arena.ts";
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

/** Finds slots by key. */
export class SlotIndex {
  readonly #arena: Arena;
  readonly #slots: Slots;
  /** For each shard its address, 0 where it is not there yet, and the number of its words less one. */
  readonly #shards = new Int32Array(SHARDS * 2);
  /** Slots in each. */
  readonly #sizes = new Int32Array(SHARDS);

  constructor(arena: Arena, slots: Slots) {
    this.#arena = arena;
    this.#slots = slots;
  }

  /** The slot of the key with these bytes, or -1. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const arena = this.#arena, slots = this.#slots;
    const shard = (hash & (SHARDS - 1)) << 1;
    const shardAddress = this.#shards[shard] ?? 0, mask = this.#shards[shard + 1] ?? 0;
    if (shardAddress === 0) return -1;
    // By the segment's words: an array for each shard would be an object more to fetch from memory.
    const words = arena.wordsOf(shardAddress), base = wordIndex(shardAddress);
    for (let at = homeOf(hash, mask);; at = (at + 1) & mask) {
      const word = words[base + at] ?? 0;
      if (word === 0) return -1;
      if ((word ^ hash) >>> TAG_SHIFT !== 0) continue;
      const slot = (word & SLOT_MASK) - 1;
      const address = slots.addressIf(slot, hash);
      if (address === 0 || entryKeyBytes(arena, address) !== end - start) continue;
      const keyAt = byteIndex(address) + KEY_OFFSET;
      if (areEqual(arena.bytesOf(address), keyAt, keyAt + end - start, bytes, start, end)) {
        return slot;
      }
    }
  }

  /**
   * Sees to it that the next `add` of this hash has room.
   *
   * @throws RangeError where there is no memory for it
   */
  reserve(hash: number): void {
    const number = hash & (SHARDS - 1);
    const words = this.#wordsIn(number);
    if (((this.#sizes[number] ?? 0) + 1) * 4 <= words * 3) return;
    const larger = Math.max(FIRST_WORDS, words * 2);
    this.#move(number, this.#arena.allocate(larger * 4), larger);
  }

  /** Adds a slot whose key is not here, after `reserve`. */
  add(hash: number, slot: number): void {
    const number = hash & (SHARDS - 1);
    this.#sizes[number] = (this.#sizes[number] ?? 0) + 1;
    const address = this.#shards[number << 1] ?? 0, mask = this.#shards[(number << 1) + 1] ?? 0;
    this.#put(address, mask, hash, hash & ~SLOT_MASK | (slot + 1));
  }

  /** Removes a slot that is here, and still knows its hash. */
  remove(hash: number, slot: number): void {
    const number = hash & (SHARDS - 1);
    const address = this.#shards[number << 1] ?? 0, mask = this.#shards[(number << 1) + 1] ?? 0;
    const words = this.#arena.wordsOf(address), base = wordIndex(address);
    const wanted = hash & ~SLOT_MASK | (slot + 1);
    let at = homeOf(hash, mask);
    while (words[base + at] !== wanted) at = (at + 1) & mask;
    this.#sizes[number] = (this.#sizes[number] ?? 0) - 1;
    // Entries behind it move up where they may, so that no gap hides one.
    for (let next = (at + 1) & mask;; next = (next + 1) & mask) {
      const word = words[base + next] ?? 0;
      if (word === 0) break;
      const home = homeOf(this.#slots.hashAt((word & SLOT_MASK) - 1), mask);
      if (((next - home) & mask) < ((next - at) & mask)) continue;
      words[base + at] = word;
      at = next;
    }
    words[base + at] = 0;
  }

  /** Gives memory back where removals have left the shard of this hash too large. */
  shrink(hash: number): void {
    const number = hash & (SHARDS - 1);
    const words = this.#wordsIn(number), used = this.#sizes[number] ?? 0;
    let enough = words;
    while (enough > FIRST_WORDS && used * 3 < enough) enough /= 2;
    if (enough === words) return;
    const address = this.#arena.tryAllocate(enough * 4);
    if (address !== 0) this.#move(number, address, enough);
  }

  /** Gives all memory back; it must be empty. */
  clear(): void {
    for (let shard = 0; shard < this.#shards.length; shard += 2) {
      const address = this.#shards[shard] ?? 0;
      if (address !== 0) this.#arena.free(address);
    }
    this.#shards.fill(0);
  }

  /** Words of a shard, in use or not. */
  #wordsIn(number: number): number {
    const isThere = this.#shards[number << 1] !== 0;
    return isThere ? (this.#shards[(number << 1) + 1] ?? 0) + 1 : 0;
  }

  #move(number: number, address: number, size: number): void {
    const oldSize = this.#wordsIn(number), old = this.#shards[number << 1] ?? 0;
    const words = this.#arena.wordsOf(address), base = wordIndex(address);
    words.fill(0, base, base + size);
    this.#shards[number << 1] = address;
    this.#shards[(number << 1) + 1] = size - 1;
    if (old === 0) return;
    const oldWords = this.#arena.wordsOf(old), oldBase = wordIndex(old);
    for (let at = oldBase; at < oldBase + oldSize; at++) {
      const word = oldWords[at] ?? 0;
      if (word === 0) continue;
      this.#put(address, size - 1, this.#slots.hashAt((word & SLOT_MASK) - 1), word);
    }
    this.#arena.free(old);
  }

  #put(address: number, mask: number, hash: number, word: number): void {
    const words = this.#arena.wordsOf(address), base = wordIndex(address);
    let at = homeOf(hash, mask);
    while (words[base + at] !== 0) at = (at + 1) & mask;
    words[base + at] = word;
  }
}

/** Where the search for a hash begins. */
function homeOf(hash: number, mask: number): number {
  return (hash >>> SHARD_BITS) & mask;
}
