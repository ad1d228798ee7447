/**
 * The hash table: keys, and the JSON text of their values (I8), as bytes outside of V8's heap.
 *
 * A key is stored as its canonical JSON text without the quotes, `JSON.stringify(key).slice(1, -1)`, and
 * a value as its JSON text, both in UTF-8. The table only compares and copies these bytes.
 *
 * Each key has a slot, a small number that does not change while the key is in the table. So a walk over
 * the slots visits every key that stays exactly once, with any changes in between. Its position is only a
 * number: an unfinished cursor keeps no memory (I5).
 *
 * A lookup does not use the slots, because each step may wait for memory. A walk uses only the slots. An
 * entry contains its slot, so a change can update both index and slots.
 *
 *     key -> hash (`key_hash.ts`) -> address (`index.ts`) -> bytes and slot (`entry.ts`)
 *                                   slot -> address (`slots.ts`) -> bytes
 *
 * Entries, slots and index all lie in one arena (`arena.ts`).
 */
import { LARGE_ENTRY_BYTES } from "../base/limits.ts";
import type { Span } from "../bytes/span.ts";
import { Arena, blockBytes } from "../bytes/arena.ts";
import { type Entry, entryBytes, overwriteEntry, readEntry, slotOf, writeEntry } from "./entry.ts";
import { EntryIndex, INDEX_BYTES } from "./index.ts";
import { KeyHash } from "./key_hash.ts";
import { SLOT_BYTES, Slots } from "./slots.ts";

export { Entry } from "./entry.ts";

/** A hash table in memory with exact memory accounting and rollback. */
export class HashTable {
  readonly #arena: Arena;
  readonly #hash: KeyHash;
  readonly #slots: Slots;
  readonly #index: EntryIndex;
  /** Bytes of all entries' blocks. */
  #entryBytes = 0;
  #size = 0;

  // The undo log: each change has one number in each of these arrays.
  /** The slot; or its complement, if the change was its first use. */
  #undoSlots: number[] = [];
  /** Address of the slot's previous entry; 0: it was free. */
  #undoAddresses: number[] = [];
  #undoHashes: number[] = [];

  /** Whether `rollback` can undo changes until `commit`. Set it only after a `commit`. */
  keepsUndo = false;

  /**
   * @param arena the memory of the table, which has no other user
   * @param hash the hash function of keys
   */
  constructor(
    arena: Arena = new Arena({ dedicatedBytes: LARGE_ENTRY_BYTES }),
    hash: KeyHash = new KeyHash(),
  ) {
    this.#arena = arena;
    this.#hash = hash;
    this.#slots = new Slots(arena);
    this.#index = new EntryIndex(arena);
  }

  /** Number of keys. */
  get size(): number {
    return this.#size;
  }

  /**
   * Memory of keys, values, slots and index, in bytes.
   *
   * Entries count with their blocks, slots up to the highest one, and the index with its largest size per
   * key. Old values that wait for `commit` do not count.
   */
  get bytes(): number {
    return this.#entryBytes + this.#slots.used * SLOT_BYTES + this.#size * INDEX_BYTES;
  }

  /** One more than the highest slot since the table was last empty. */
  get slotsUsed(): number {
    return this.#slots.used;
  }

  /** Hash of a key, with a secret seed: 32 bits, signed. */
  hashOf(bytes: Uint8Array, start: number, end: number): number {
    return this.#hash.of(bytes, start, end);
  }

  /**
   * Address of a key's entry; 0: there is no such key. Valid until the key's next change, or `rollback`.
   *
   * @param hash the key's `hashOf`
   */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#index.find(hash, bytes, start, end);
  }

  /**
   * The exact growth of `bytes` by `set`; negative if a smaller value replaces a larger one.
   *
   * @param address of the key's entry; 0: the key is new
   */
  costOf(address: number, keyBytes: number, valueBytes: number): number {
    const bytes = blockBytes(entryBytes(keyBytes, valueBytes));
    if (address !== 0) return bytes - this.#arena.blockSizeAt(address);
    return bytes + INDEX_BYTES + (this.#slots.hasFree ? 0 : SLOT_BYTES);
  }

  /**
   * Inserts or replaces; key and value are copied.
   *
   * @param address of the key's entry, from `find`; 0: the key is new
   * @param hash the key's `hashOf`
   * @throws RangeError if there is no memory; then nothing has changed
   */
  set(address: number, hash: number, key: Span, value: Span): void {
    if (address === 0) return this.#insert(hash, key, value);
    const slot = slotOf(this.#arena, address);
    const cost = this.costOf(address, key.end - key.start, value.end - value.start);
    if (cost === 0 && !this.keepsUndo) {
      return overwriteEntry(this.#arena, address, slot, key, value);
    }
    this.#replace(slot, hash, address, writeEntry(this.#arena, slot, key, value));
    if (this.keepsUndo) this.#recordUndo(slot, address, hash);
    else this.#arena.free(address);
  }

  /**
   * Removes a key that is in the table.
   *
   * @param address of its entry, from `find`
   * @param hash the key's `hashOf`
   */
  remove(address: number, hash: number): void {
    const slot = slotOf(this.#arena, address);
    this.#unlink(hash, address);
    this.#slots.free(slot);
    if (this.keepsUndo) return this.#recordUndo(slot, address, hash);
    this.#arena.free(address);
    this.#index.shrink(hash);
    this.#resetIfEmpty();
  }

  /**
   * Reads the entry in a slot.
   *
   * @param entry receives its location, valid until the next change, `commit` or `rollback`
   * @returns false: the slot is free
   * @throws RangeError if the table has no such slot
   */
  read(slot: number, entry: Entry): boolean {
    const address = this.#slots.addressAt(slot);
    if (address === 0) return false;
    readEntry(this.#arena, address, entry);
    return true;
  }

  /**
   * Reads the entry at an address from `find`.
   *
   * @param entry see `read`
   */
  readAt(address: number, entry: Entry): void {
    readEntry(this.#arena, address, entry);
  }

  /** Approximate bytes of the entry at an address from `find`. */
  entrySizeAt(address: number): number {
    return this.#arena.blockSizeAt(address);
  }

  /** Makes all changes final. If the table is empty, slots are numbered from 0 again. */
  commit(): void {
    for (let at = 0; at < this.#undoSlots.length; at++) {
      const address = this.#undoAddresses[at] ?? 0;
      if (address !== 0) this.#arena.free(address);
    }
    this.#clearUndo();
    this.#resetIfEmpty();
  }

  /** Number of changes since the last `commit`. */
  get changesToUndo(): number {
    return this.#undoSlots.length;
  }

  /**
   * Undoes the last changes. A later `commit` releases their memory.
   *
   * @param count number of changes that stay, counted as by `changesToUndo`
   */
  rollbackTo(count: number): void {
    this.#undoTo(count);
    this.#undoSlots.length = this.#undoAddresses.length = this.#undoHashes.length = count;
  }

  /** Undoes all changes since the last commit: each key has its previous slot and value. */
  rollback(): void {
    this.#undoTo(0);
    this.#clearUndo();
    this.#slots.trim();
    this.#resetIfEmpty();
  }

  /** Undoes changes, the last one first: each step needs the table right after its change. */
  #undoTo(count: number): void {
    for (let at = this.#undoSlots.length - 1; at >= count; at--) {
      this.#undo(this.#undoSlots[at] ?? 0, this.#undoAddresses[at] ?? 0, this.#undoHashes[at] ?? 0);
    }
  }

  #insert(hash: number, key: Span, value: Span): void {
    // These steps may fail, so they come first.
    this.#index.reserve(hash);
    this.#slots.reserve();
    const slot = this.#slots.next, isFirstUse = !this.#slots.hasFree;
    this.#link(hash, writeEntry(this.#arena, slot, key, value));
    if (this.keepsUndo) this.#recordUndo(isFirstUse ? ~slot : slot, 0, hash);
  }

  #undo(slotOrNew: number, before: number, hash: number): void {
    const slot = slotOrNew < 0 ? ~slotOrNew : slotOrNew;
    const address = this.#slots.addressAt(slot);
    if (before === 0) {
      this.#unlink(hash, address);
      if (slotOrNew < 0) this.#slots.undoTake();
      else this.#slots.free(slot);
      this.#arena.free(address);
    } else if (address === 0) {
      // This cannot fail: it is the last freed slot, and the index has not shrunk since.
      this.#link(hash, before);
    } else {
      this.#replace(slot, hash, address, before);
      this.#arena.free(address);
    }
  }

  /** Adds an entry, written for the next slot, to slots and index. */
  #link(hash: number, address: number): void {
    this.#slots.take(address);
    this.#index.add(hash, address);
    this.#entryBytes += this.#arena.blockSizeAt(address);
    this.#size++;
  }

  /** Replaces an entry in slots and index by another one of the same key. */
  #replace(slot: number, hash: number, before: number, address: number): void {
    this.#slots.setAddress(slot, address);
    this.#index.replace(hash, before, address);
    this.#entryBytes += this.#arena.blockSizeAt(address) - this.#arena.blockSizeAt(before);
  }

  #unlink(hash: number, address: number): void {
    this.#index.remove(hash, address);
    this.#entryBytes -= this.#arena.blockSizeAt(address);
    this.#size--;
  }

  #recordUndo(slot: number, before: number, hash: number): void {
    this.#undoSlots.push(slot);
    this.#undoAddresses.push(before);
    this.#undoHashes.push(hash);
  }

  #clearUndo(): void {
    // The index shrinks only now, because a rollback needs the space.
    for (const hash of this.#undoHashes) this.#index.shrink(hash);
    this.#undoSlots.length = this.#undoAddresses.length = this.#undoHashes.length = 0;
  }

  #resetIfEmpty(): void {
    if (this.#size > 0 || this.#arena.usedBytes === 0) return;
    this.#slots.clear();
    this.#index.clear();
  }
}
