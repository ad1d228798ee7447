/**
 * Slots: what a key's number stands for.
 *
 * A slot is two words: the address of the key's entry and the hash of the key. A free slot has the
 * address 0 and, in place of the hash, the number of the next free slot plus one. Free slots are
 * used again, the last one first.
 *
 * Slots lie in pages, so that growing copies nothing. Pages are blocks of the arena.
 */
import type { Arena } from "../base/arena.ts";

/** Slots in one page: a power of two. */
const PAGE_BITS = 12;
const PAGE_SLOTS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_SLOTS - 1;

/** What a slot takes, in bytes. */
export const SLOT_BYTES = 8;

/** More than this cannot be numbered by the index (`slot_index.ts`). */
const MAX_SLOTS = 2 ** 28 - 1;

const NO_PAGE = new Int32Array(0);

/** Numbers of keys. */
export class Slots {
  readonly #arena: Arena;
  readonly #pages: Int32Array[] = [];
  readonly #pageAddresses: number[] = [];
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
    return this.#pageOf(slot)[(slot & PAGE_MASK) << 1] ?? 0;
  }

  /** Hash of the key in a slot that is not free. */
  hashAt(slot: number): number {
    return this.#pageOf(slot)[((slot & PAGE_MASK) << 1) + 1] ?? 0;
  }

  /** Puts another entry of the same key in a slot. */
  setAddress(slot: number, address: number): void {
    this.#pageOf(slot)[(slot & PAGE_MASK) << 1] = address;
  }

  /**
   * Sees to it that the next `take` finds a slot.
   *
   * @throws RangeError where there is no memory for one
   */
  reserve(): void {
    if (this.#free !== 0 || this.#used < this.#pages.length * PAGE_SLOTS) return;
    if (this.#used + PAGE_SLOTS > MAX_SLOTS) {
      throw new RangeError(`There may be no more than ${MAX_SLOTS} keys`);
    }
    const address = this.#arena.allocate(PAGE_SLOTS * SLOT_BYTES);
    this.#pageAddresses.push(address);
    this.#pages.push(this.#arena.wordsIn(address, PAGE_SLOTS * 2));
  }

  /** Takes a slot, after `reserve`. */
  take(hash: number, address: number): number {
    const slot = this.#free === 0 ? this.#used++ : this.#free - 1;
    const page = this.#pageOf(slot);
    const at = (slot & PAGE_MASK) << 1;
    if (this.#free !== 0) this.#free = page[at + 1] ?? 0;
    page[at] = address;
    page[at + 1] = hash;
    return slot;
  }

  /** Frees a slot. */
  free(slot: number): void {
    const page = this.#pageOf(slot);
    const at = (slot & PAGE_MASK) << 1;
    page[at] = 0;
    page[at + 1] = this.#free;
    this.#free = slot + 1;
  }

  /** Frees the highest slot as if it had never been taken. */
  untake(): void {
    this.#used--;
  }

  /** Gives back pages that no slot used is in. */
  trim(): void {
    while (this.#used <= (this.#pages.length - 1) * PAGE_SLOTS) {
      this.#pages.pop();
      this.#arena.free(this.#pageAddresses.pop() ?? 0);
    }
  }

  /** Numbers slots from 0 again; all must be free. */
  clear(): void {
    this.#used = this.#free = 0;
    this.trim();
  }

  #pageOf(slot: number): Int32Array {
    if (slot >>> 0 >= this.#used) throw new RangeError(`There is no slot ${slot}`);
    return this.#pages[slot >>> PAGE_BITS] ?? NO_PAGE;
  }
}
