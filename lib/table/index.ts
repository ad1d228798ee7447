/**
 * The index of entries by the hash of their keys: open addressing with linear probing. It consists of
 * 1,024 shards, so that growth moves only one of them at a time.
 *
 * A shard is a block of the arena, counted in words of 4 bytes:
 *
 *     1 word, unused (so that no cell is in two cache lines)
 *     cells, a power of two, each two words:  hash, address of the entry; or arbitrary, 0
 *
 * In a large table, each access to an entry waits for memory. So a cell contains the whole hash: a search
 * rarely reads a wrong entry, and growth reads none. The 10 lowest bits of the hash select the shard, the
 * bits above them the first cell of the search.
 */
import { type Arena, wordIndex } from "../bytes/arena.ts";
import { hasKey } from "./entry.ts";

const SHARD_BITS = 10;
const SHARDS = 1 << SHARD_BITS;

const CELL_BYTES = 8;

/** First number of cells of a shard: a power of two. */
const FIRST_CELLS = 4;

/**
 * Largest size of the index per key, in bytes: at least a third of a shard's cells are in use. (Small
 * shards take up to 40 bytes more.)
 */
export const INDEX_BYTES = 24;

/** Finds entries by key. */
export class EntryIndex {
  readonly #arena: Arena;
  /** For each shard: its address (0: not allocated yet), and the number of its cells minus one. */
  readonly #shards = new Int32Array(SHARDS * 2);
  /** Number of entries of each shard. */
  readonly #sizes = new Int32Array(SHARDS);

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Address of the entry with this key; 0: no entry has it. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const arena = this.#arena;
    const shard = (hash & (SHARDS - 1)) << 1;
    const shardAddress = this.#shards[shard] ?? 0, mask = this.#shards[shard + 1] ?? 0;
    if (shardAddress === 0) return 0;
    // The segment's words: an array for each shard would be one more object to load.
    const words = arena.segmentWords(shardAddress), base = cellsAt(shardAddress);
    for (let cell = homeOf(hash, mask);; cell = (cell + 1) & mask) {
      const at = base + (cell << 1);
      const address = words[at + 1] ?? 0;
      if (address === 0) return 0;
      if (words[at] === hash && hasKey(arena, address, bytes, start, end)) return address;
    }
  }

  /**
   * Ensures that the next `add` of this hash has a free cell.
   *
   * @throws RangeError if there is no memory for it
   */
  reserve(hash: number): void {
    const number = hash & (SHARDS - 1);
    const cells = this.#cellsIn(number);
    if (((this.#sizes[number] ?? 0) + 1) * 4 <= cells * 3) return;
    const larger = Math.max(FIRST_CELLS, cells * 2);
    this.#move(number, this.#arena.allocate(shardBytes(larger)), larger);
  }

  /** Adds an entry with a new key, after `reserve`. */
  add(hash: number, address: number): void {
    const number = hash & (SHARDS - 1);
    this.#sizes[number] = (this.#sizes[number] ?? 0) + 1;
    const shardAddress = this.#shards[number << 1] ?? 0;
    const words = this.#arena.segmentWords(shardAddress);
    insertCell(words, cellsAt(shardAddress), this.#shards[(number << 1) + 1] ?? 0, hash, address);
  }

  /** Replaces an entry by another one of the same key. */
  replace(hash: number, before: number, address: number): void {
    const shard = (hash & (SHARDS - 1)) << 1;
    const shardAddress = this.#shards[shard] ?? 0, mask = this.#shards[shard + 1] ?? 0;
    const words = this.#arena.segmentWords(shardAddress), base = cellsAt(shardAddress);
    words[base + (cellOf(words, base, mask, hash, before) << 1) + 1] = address;
  }

  /** Removes an entry. */
  remove(hash: number, address: number): void {
    const number = hash & (SHARDS - 1);
    const shardAddress = this.#shards[number << 1] ?? 0;
    const mask = this.#shards[(number << 1) + 1] ?? 0;
    const words = this.#arena.segmentWords(shardAddress), base = cellsAt(shardAddress);
    let gap = cellOf(words, base, mask, hash, address);
    this.#sizes[number] = (this.#sizes[number] ?? 0) - 1;
    // Cells behind the gap move up if they may, because a search ends at a gap.
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

  /** Shrinks the shard of this hash if removals have left it too large. */
  shrink(hash: number): void {
    const number = hash & (SHARDS - 1);
    const cells = this.#cellsIn(number), used = this.#sizes[number] ?? 0;
    let enough = cells;
    while (enough > FIRST_CELLS && used * 3 < enough) enough /= 2;
    if (enough === cells) return;
    const address = this.#arena.tryAllocate(shardBytes(enough));
    if (address !== 0) this.#move(number, address, enough);
  }

  /** Releases all memory of an empty index. */
  clear(): void {
    for (let shard = 0; shard < this.#shards.length; shard += 2) {
      const address = this.#shards[shard] ?? 0;
      if (address !== 0) this.#arena.free(address);
    }
    this.#shards.fill(0);
  }

  /** Number of cells of a shard, in use or not. */
  #cellsIn(number: number): number {
    const isAllocated = this.#shards[number << 1] !== 0;
    return isAllocated ? (this.#shards[(number << 1) + 1] ?? 0) + 1 : 0;
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

/** Bytes of a shard's block. */
function shardBytes(cells: number): number {
  return 4 + cells * CELL_BYTES;
}

/** Index of a shard's first cell in the words of its segment. */
function cellsAt(shardAddress: number): number {
  return wordIndex(shardAddress) + 1;
}

/** Number of the first cell of a search for a hash. */
function homeOf(hash: number, mask: number): number {
  return (hash >>> SHARD_BITS) & mask;
}

/** Number of the cell of an entry in the index. */
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

/** Writes an entry to the first empty cell for its hash. */
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
