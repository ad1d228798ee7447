/**
 * From the hash of a key to the address of its entry: open addressing with linear probing, spread
 * over shards, so that growth moves only a thousandth at a time.
 *
 * A shard is a block of the arena, counted in words of 4 bytes:
 *
 *     1 word, unused (so that no cell lies in two lines of the processor's cache)
 *     cells, a power of two of them, each two words:  hash, address of the entry; or arbitrary, 0
 *
 * A cell has the whole hash, so that a look at an entry is hardly ever in vain, and that cells move
 * without one: entries lie scattered, and in a large table each look waits for memory. The hash's 10
 * lowest bits choose the shard, the bits above them where the search begins.
 */
import { type Arena, wordIndex } from "../bytes/arena.ts";
import { hasKey } from "./entry.ts";

const SHARD_BITS = 10;
const SHARDS = 1 << SHARD_BITS;

const CELL_BYTES = 8;

/** Cells of a shard at first: a power of two. */
const FIRST_CELLS = 4;

/**
 * The most that a key takes here, in bytes, whatever came before: at least a third of a shard's
 * cells are in use. (Beyond that, small shards take up to 40 bytes each.)
 */
export const INDEX_BYTES = 24;

/** Finds entries by key. */
export class EntryIndex {
  readonly #arena: Arena;
  /** For each shard its address, 0 where it is not there yet, and the number of its cells less one. */
  readonly #shards = new Int32Array(SHARDS * 2);
  /** Entries in each. */
  readonly #sizes = new Int32Array(SHARDS);

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Address of the entry whose key is these bytes; 0: there is none. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const arena = this.#arena;
    const shard = (hash & (SHARDS - 1)) << 1;
    const shardAddress = this.#shards[shard] ?? 0, mask = this.#shards[shard + 1] ?? 0;
    if (shardAddress === 0) return 0;
    // By the segment's words: an array for each shard would be an object more to fetch from memory.
    const words = arena.segmentWords(shardAddress), base = cellsAt(shardAddress);
    for (let cell = homeOf(hash, mask);; cell = (cell + 1) & mask) {
      const at = base + (cell << 1);
      const address = words[at + 1] ?? 0;
      if (address === 0) return 0;
      if (words[at] === hash && hasKey(arena, address, bytes, start, end)) return address;
    }
  }

  /**
   * Sees to it that the next `add` of this hash has room.
   *
   * @throws RangeError where there is no memory for it
   */
  reserve(hash: number): void {
    const number = hash & (SHARDS - 1);
    const cells = this.#cellsIn(number);
    if (((this.#sizes[number] ?? 0) + 1) * 4 <= cells * 3) return;
    const larger = Math.max(FIRST_CELLS, cells * 2);
    this.#move(number, this.#arena.allocate(shardBytes(larger)), larger);
  }

  /** Adds an entry whose key is not here, after `reserve`. */
  add(hash: number, address: number): void {
    const number = hash & (SHARDS - 1);
    this.#sizes[number] = (this.#sizes[number] ?? 0) + 1;
    const shardAddress = this.#shards[number << 1] ?? 0;
    const words = this.#arena.segmentWords(shardAddress);
    insertCell(words, cellsAt(shardAddress), this.#shards[(number << 1) + 1] ?? 0, hash, address);
  }

  /** Puts another entry of the same key in the place of one that is here. */
  replace(hash: number, before: number, address: number): void {
    const shard = (hash & (SHARDS - 1)) << 1;
    const shardAddress = this.#shards[shard] ?? 0, mask = this.#shards[shard + 1] ?? 0;
    const words = this.#arena.segmentWords(shardAddress), base = cellsAt(shardAddress);
    words[base + (cellOf(words, base, mask, hash, before) << 1) + 1] = address;
  }

  /** Removes an entry that is here. */
  remove(hash: number, address: number): void {
    const number = hash & (SHARDS - 1);
    const shardAddress = this.#shards[number << 1] ?? 0;
    const mask = this.#shards[(number << 1) + 1] ?? 0;
    const words = this.#arena.segmentWords(shardAddress), base = cellsAt(shardAddress);
    let gap = cellOf(words, base, mask, hash, address);
    this.#sizes[number] = (this.#sizes[number] ?? 0) - 1;
    // Cells behind it move up where they may, so that no gap hides one.
    for (let cell = (gap + 1) & mask;; cell = (cell + 1) & mask) {
      const at = base + (cell << 1);
      if (words[at + 1] === 0) break;
      if (((cell - homeOf(words[at] ?? 0, mask)) & mask) < ((cell - gap) & mask)) continue;
      words[base + (gap << 1)] = words[at] ?? 0;
      words[base + (gap << 1) + 1] = words[at + 1] ?? 0;
      gap = cell;
    }
    words[base + (gap << 1) + 1] = 0;
  }

  /** Gives memory back where removals have left the shard of this hash too large. */
  shrink(hash: number): void {
    const number = hash & (SHARDS - 1);
    const cells = this.#cellsIn(number), used = this.#sizes[number] ?? 0;
    let enough = cells;
    while (enough > FIRST_CELLS && used * 3 < enough) enough /= 2;
    if (enough === cells) return;
    const address = this.#arena.tryAllocate(shardBytes(enough));
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

  /** Cells of a shard, in use or not. */
  #cellsIn(number: number): number {
    const isThere = this.#shards[number << 1] !== 0;
    return isThere ? (this.#shards[(number << 1) + 1] ?? 0) + 1 : 0;
  }

  #move(number: number, address: number, cells: number): void {
    const oldCells = this.#cellsIn(number), old = this.#shards[number << 1] ?? 0;
    const words = this.#arena.segmentWords(address), base = cellsAt(address);
    words.fill(0, base, base + (cells << 1));
    this.#shards[number << 1] = address;
    this.#shards[(number << 1) + 1] = cells - 1;
    if (old === 0) return;
    const oldWords = this.#arena.segmentWords(old), oldBase = cellsAt(old);
    for (let at = oldBase; at < oldBase + (oldCells << 1); at += 2) {
      const entry = oldWords[at + 1] ?? 0;
      if (entry !== 0) insertCell(words, base, cells - 1, oldWords[at] ?? 0, entry);
    }
    this.#arena.free(old);
  }
}

/** Payload of a shard, in bytes. */
function shardBytes(cells: number): number {
  return 4 + cells * CELL_BYTES;
}

/** Where a shard's cells begin in the words of its segment. */
function cellsAt(shardAddress: number): number {
  return wordIndex(shardAddress) + 1;
}

/** Number of the cell where the search for a hash begins. */
function homeOf(hash: number, mask: number): number {
  return (hash >>> SHARD_BITS) & mask;
}

/** Number of the cell of an entry that is there. */
function cellOf(
  words: Int32Array,
  base: number,
  mask: number,
  hash: number,
  address: number,
): number {
  let cell = homeOf(hash, mask);
  while (words[base + (cell << 1) + 1] !== address) cell = (cell + 1) & mask;
  return cell;
}

/** Fills the first empty cell for a hash. */
function insertCell(
  words: Int32Array,
  base: number,
  mask: number,
  hash: number,
  address: number,
): void {
  const at = base + (cellOf(words, base, mask, hash, 0) << 1);
  words[at] = hash;
  words[at + 1] = address;
}
