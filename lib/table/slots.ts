/**
 * Slots: what a key's number stands for.
 *
 * A slot is one word: the address of the key's entry; or, where it is free, the number of the next
 * free slot plus one, 0 where there is none. Free slots are used again, the last one first.
 *
 * Slots lie in pages, so that growing copies nothing. A page is a block of the arena:
 *
 *     a bit for each slot, set where it is free; the slots
 *
 * Bits for slots that were never used are arbitrary.
 */
import { type Arena, wordIndex } from "../bytes/arena.ts";

/** Slots in one page: a power of two. */
const PAGE_BITS = 12;
const PAGE_SLOTS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_SLOTS - 1;

/** Words of a page that tell which slots are free. */
const BITMAP_WORDS = PAGE_SLOTS >>> 5;

/** What a slot takes, in bytes. (The bit beside it is little enough to count as rounding.) */
export const SLOT_BYTES = 4;

/** Most slots: beyond it, a number plus one would have no room in a word. */
const MAX_SLOTS = 2 ** 31 - 1;

/** Numbers of keys. */
export class Slots {
  readonly #arena: Arena;
  /** Addresses of the pages; there is room for more. */
  #pages = new Int32Array(16);
  #pageCount = 0;
  /** The first free slot plus one; 0: none. */
  #firstFree = 0;
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
    return this.#firstFree !== 0;
  }

  /** The slot that the next `take` gives. */
  get next(): number {
    return this.#firstFree === 0 ? this.#used : this.#firstFree - 1;
  }

  /** Address of the entry; 0 where the slot is free. */
  addressAt(slot: number): number {
    const page = this.#pageOf(slot);
    const words = this.#arena.segmentWords(page);
    const isFree = ((words[bitmapAt(page, slot)] ?? 0) & bitOf(slot)) !== 0;
    return isFree ? 0 : words[wordAt(page, slot)] ?? 0;
  }

  /** Puts another entry of the same key in a slot. */
  setAddress(slot: number, address: number): void {
    const page = this.#pageOf(slot);
    this.#arena.segmentWords(page)[wordAt(page, slot)] = address;
  }

  /**
   * Sees to it that the next `take` finds a slot.
   *
   * @throws RangeError where there is no memory for one
   */
  reserve(): void {
    if (this.#firstFree !== 0 || this.#used < this.#pageCount * PAGE_SLOTS) return;
    if (this.#used + PAGE_SLOTS > MAX_SLOTS) {
      throw new RangeError(`There may be no more than ${MAX_SLOTS} keys`);
    }
    const address = this.#arena.allocate((BITMAP_WORDS + PAGE_SLOTS) * 4);
    if (this.#pageCount === this.#pages.length) {
      const pages = new Int32Array(this.#pages.length * 2);
      pages.set(this.#pages);
      this.#pages = pages;
    }
    this.#pages[this.#pageCount++] = address;
  }

  /** Takes the slot that is next, after `reserve`. */
  take(address: number): void {
    const slot = this.next;
    const isFirstUse = slot === this.#used;
    if (isFirstUse) this.#used++;
    const page = this.#pageOf(slot);
    const words = this.#arena.segmentWords(page), at = wordAt(page, slot);
    if (!isFirstUse) this.#firstFree = words[at] ?? 0;
    words[at] = address;
    const bits = bitmapAt(page, slot);
    words[bits] = (words[bits] ?? 0) & ~bitOf(slot);
  }

  /** Frees a slot. */
  free(slot: number): void {
    const page = this.#pageOf(slot);
    const words = this.#arena.segmentWords(page), bits = bitmapAt(page, slot);
    words[bits] = (words[bits] ?? 0) | bitOf(slot);
    words[wordAt(page, slot)] = this.#firstFree;
    this.#firstFree = slot + 1;
  }

  /** Frees the highest slot as if it had never been taken. */
  undoTake(): void {
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
    this.#used = this.#firstFree = 0;
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
  return wordIndex(page) + BITMAP_WORDS + (slot & PAGE_MASK);
}

/** Where the word is, in the same words, that has the bit which tells whether a slot is free. */
function bitmapAt(page: number, slot: number): number {
  return wordIndex(page) + ((slot & PAGE_MASK) >>> 5);
}

function bitOf(slot: number): number {
  return 1 << (slot & 31);
}
