/**
 * Slots: what a key's number stands for.
 *
 * A slot is two words: the address of the key's entry and the hash of the key. A free slot has the
 * address 0 and, in place of the hash, the number of the next free slot plus one. Free slots are
 * used again, the last one first.
 *
 * Slots lie in pages, so that growing copies nothing. Pages are blocks of the arena.
 */
import { type Arena, wordIndex } from "../base/arena.ts";

/** Slots in one page: a power of two. */
const PAGE_BITS = 12;
const PAGE_SLOTS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_SLOTS - 1;

/** What a slot takes, in bytes. */
export const SLOT_BYTES = 8;

/** More than this cannot be numbered by the index (`slot_index.ts`). */
const MAX_SLOTS = 2 ** 28 - 1;

/** Numbers of keys. */
export class Slots {
  readonly #arena: Arena;
  /** Addresses of the pages; there is room for more. */
  #pages = new Int32Array(16);
  #pageCount = 0;
  /** The first free slot plus one; 0: none. */
  #free = 0;
  #used = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** One more than the highest slot that was ever taken. */
  get used(): number {
    return this.#used;
  }

  /** Whether `take` would give a slot that was used before. */
  get hasFree(): boolean {
    return this.#free !== 0;
  }

  /** Address of the entry; 0 where the slot is free. */
  addressAt(slot: number): number {
    const page = this.#pageOf(slot);
    return this.#arena.wordsOf(page)[wordAt(page, slot)] ?? 0;
  }

  /** Hash of the key in a slot that is not free. */
  hashAt(slot: number): number {
    const page = this.#pageOf(slot);
    return this.#arena.wordsOf(page)[wordAt(page, slot) + 1] ?? 0;
  }

  /** Address of the entry, where its key has this hash; else 0. */
  addressIf(slot: number, hash: number): number {
    const page = this.#pageOf(slot);
    const words = this.#arena.wordsOf(page), at = wordAt(page, slot);
    return words[at + 1] === hash ? words[at] ?? 0 : 0;
  }

  /** Puts another entry of the same key in a slot. */
  setAddress(slot: number, address: number): void {
    const page = this.#pageOf(slot);
    this.#arena.wordsOf(page)[wordAt(page, slot)] = address;
  }

  /**
   * Sees to it that the next `take` finds a slot.
   *
   * @throws RangeError where there is no memory for one
   */
  reserve(): void {
    if (this.#free !== 0 || this.#used < this.#pageCount * PAGE_SLOTS) return;
    if (this.#used + PAGE_SLOTS > MAX_SLOTS) {
      throw new RangeError(`There may be no more than ${MAX_SLOTS} keys`);
    }
    const address = this.#arena.allocate(PAGE_SLOTS * SLOT_BYTES);
    if (this.#pageCount === this.#pages.length) {
      const pages = new Int32Array(this.#pages.length * 2);
      pages.set(this.#pages);
      this.#pages = pages;
    }
    this.#pages[this.#pageCount++] = address;
  }

  /** Takes a slot, after `reserve`. */
  take(hash: number, address: number): number {
    const slot = this.#free === 0 ? this.#used++ : this.#free - 1;
    const page = this.#pageOf(slot);
    const words = this.#arena.wordsOf(page), at = wordAt(page, slot);
    if (this.#free !== 0) this.#free = words[at + 1] ?? 0;
    words[at] = address;
    words[at + 1] = hash;
    return slot;
  }

  /** Frees a slot. */
  free(slot: number): void {
    const page = this.#pageOf(slot);
    const words = this.#arena.wordsOf(page), at = wordAt(page, slot);
    words[at] = 0;
    words[at + 1] = this.#free;
    this.#free = slot + 1;
  }

  /** Frees the highest slot as if it had never been taken. */
  untake(): void {
    this.#used--;
  }

  /** Gives back pages that no slot used is in. */
  trim(): void {
    while (this.#used <= (this.#pageCount - 1) * PAGE_SLOTS) {
      this.#arena.free(this.#pages[--this.#pageCount] ?? 0);
    }
  }

  /** Numbers slots from 0 again; all must be free. */
  clear(): void {
    this.#used = this.#free = 0;
    this.trim();
  }

  /** Address of the page that a slot is in. */
  #pageOf(slot: number): number {
    if (slot >>> 0 >= this.#used) throw new RangeError(`There is no slot ${slot}`);
    return this.#pages[slot >>> PAGE_BITS] ?? 0;
  }
}

/** Where a slot is in the words of its page's segment. */
function wordAt(page: number, slot: number): number {
  return wordIndex(page) + ((slot & PAGE_MASK) << 1);
}
