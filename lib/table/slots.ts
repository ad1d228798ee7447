/**
 * Slots: the numbers of keys, for walks over the table.
 *
 * A slot is one word: the address of the key's entry; or, if it is free, the number of the next free slot
 * plus one (0: this is the last one). Free slots are used again, in reverse order.
 *
 * Slots are in pages, so that growth copies nothing. A page is a block of the arena:
 *
 *     a bit for each slot, set if it is free; the slots
 *
 * The bits of slots that were never used are arbitrary.
 */
import { type Arena, wordIndex } from "../bytes/arena.ts";

/** Slots in one page: a power of two. */
const PAGE_BITS = 12;
const PAGE_SLOTS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_SLOTS - 1;

/** Words of a page with the bits of free slots. */
const BITMAP_WORDS = PAGE_SLOTS >>> 5;

/** Size of a slot, in bytes. Its bit is too small to count. */
export const SLOT_BYTES = 4;

/** Maximum number of slots: a slot plus one must fit in a signed word. */
const MAX_SLOTS = 2 ** 31 - 1;

/** The slots of a table. */
export class Slots {
  readonly #arena: Arena;
  /** Addresses of the pages, with room for more. */
  #pages = new Int32Array(16);
  #pageCount = 0;
  /** The first free slot plus one; 0: none. */
  #firstFree = 0;
  #used = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** One more than the highest slot that was taken since `clear`. */
  get used(): number {
    return this.#used;
  }

  /** Whether the next slot was used before. */
  get hasFree(): boolean {
    return this.#firstFree !== 0;
  }

  /** The slot that the next `take` takes. */
  get next(): number {
    return this.#firstFree === 0 ? this.#used : this.#firstFree - 1;
  }

  /** Address of a slot's entry; 0: the slot is free. */
  addressAt(slot: number): number {
    const page = this.#pageOf(slot);
    const words = this.#arena.segmentWords(page);
    const isFree = ((words[bitmapAt(page, slot)] ?? 0) & bitOf(slot)) !== 0;
    return isFree ? 0 : words[wordAt(page, slot)] ?? 0;
  }

  /** Replaces a slot's entry by another one of the same key. */
  setAddress(slot: number, address: number): void {
    const page = this.#pageOf(slot);
    this.#arena.segmentWords(page)[wordAt(page, slot)] = address;
  }

  /**
   * Ensures that the next `take` has a slot.
   *
   * @throws RangeError if there is no memory for it
   */
  reserve(): void {
    if (this.#firstFree !== 0 || this.#used < this.#pageCount * PAGE_SLOTS) return;
    if (this.#used + PAGE_SLOTS > MAX_SLOTS) {
      throw new RangeError(`A table may have at most ${MAX_SLOTS} keys`);
    }
    const address = this.#arena.allocate((BITMAP_WORDS + PAGE_SLOTS) * 4);
    if (this.#pageCount === this.#pages.length) {
      const pages = new Int32Array(this.#pages.length * 2);
      pages.set(this.#pages);
      this.#pages = pages;
    }
    this.#pages[this.#pageCount++] = address;
  }

  /** Takes the next slot for an entry, after `reserve`. */
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

  /** Undoes the first `take` of the highest slot. */
  undoTake(): void {
    this.#used--;
  }

  /** Releases pages without used slots. */
  trim(): void {
    while (this.#used <= (this.#pageCount - 1) * PAGE_SLOTS) {
      this.#arena.free(this.#pages[--this.#pageCount] ?? 0);
    }
  }

  /** Numbers slots from 0 again. All must be free. */
  clear(): void {
    this.#used = this.#firstFree = 0;
    this.trim();
  }

  /** Address of a slot's page. */
  #pageOf(slot: number): number {
    if (slot >>> 0 >= this.#used) throw new RangeError(`There is no slot ${slot}`);
    return this.#pages[slot >>> PAGE_BITS] ?? 0;
  }
}

/** Index of a slot in the words of its page's segment. */
function wordAt(page: number, slot: number): number {
  return wordIndex(page) + BITMAP_WORDS + (slot & PAGE_MASK);
}

/** Index, in the same words, of the word with a slot's bit. */
function bitmapAt(page: number, slot: number): number {
  return wordIndex(page) + ((slot & PAGE_MASK) >>> 5);
}

function bitOf(slot: number): number {
  return 1 << (slot & 31);
}
