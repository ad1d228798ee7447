/**
 * The table: keys, and the JSON text of their values (I8), as bytes outside of V8's heap.
 *
 * A key is kept as its canonical JSON text without the quotes, `JSON.stringify(key).slice(1, -1)`, and
 * a value as its JSON text, both in UTF-8. To the table they are bytes: keys are equal where
 * their bytes are.
 *
 * Each key has a slot, a small number that stays the same for as long as the key is in the table.
 * Walking the slots in order therefore meets every key that is there during the whole walk exactly
 * once, whatever happens in between, and a place in the walk is nothing but a number: a cursor that
 * is never finished holds on to nothing (I5).
 *
 * Who looks for a key goes past the slots, since each step may wait for memory; who walks needs no more
 * than them. An entry knows its slot, so that both stay in step.
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

/** A hash table in memory that knows what it costs, and can take changes back. */
export class HashTable {
  readonly #arena: Arena;
  readonly #hash: KeyHash;
  readonly #slots: Slots;
  readonly #index: EntryIndex;
  /** Of all entries' blocks. */
  #entryBytes = 0;
  #size = 0;

  // One number in each of these for a change that may be taken back.
  /** The slot; or its complement, where it was used for the first time. */
  #undoSlots: number[] = [];
  /** Address of what the slot held before; 0: it was free. */
  #undoAddresses: number[] = [];
  #undoHashes: number[] = [];

  /** Whether changes can be taken back until `commit`; else each is for good. Set it between changes only. */
  keepsUndo = false;

  /**
   * @param arena where everything is; nobody else may use it
   * @param hash of the keys
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
   * Memory taken by keys, values, their slots and their index, in bytes.
   *
   * Entries count as allocated, slots for as long as they are numbered, and the index with the most that it
   * takes for a key. What old values take until `commit` does not count.
   */
  get bytes(): number {
    return this.#entryBytes + this.#slots.used * SLOT_BYTES + this.#size * INDEX_BYTES;
  }

  /** One more than the highest slot that was ever used, until slots are numbered anew. */
  get slotsUsed(): number {
    return this.#slots.used;
  }

  /** Hash of a key: 32 bits, signed, from a seed that nobody can aim at. */
  hashOf(bytes: Uint8Array, start: number, end: number): number {
    return this.#hash.of(bytes, start, end);
  }

  /**
   * Address of a key's entry; 0: there is no such key. Good until the key's next change, or `rollback`.
   *
   * @param hash what `hashOf` gives for it
   */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#index.find(hash, bytes, start, end);
  }

  /**
   * By how much `bytes` will grow by `set`, exactly; negative where a smaller value replaces a larger one.
   *
   * @param address of the key's entry; 0: it is new
   */
  costOf(address: number, keyBytes: number, valueBytes: number): number {
    const bytes = blockBytes(entryBytes(keyBytes, valueBytes));
    if (address !== 0) return bytes - this.#arena.blockSizeAt(address);
    return bytes + INDEX_BYTES + (this.#slots.hasFree ? 0 : SLOT_BYTES);
  }

  /**
   * Inserts or replaces; key and value are copied.
   *
   * @param address of the key's entry, as `find` gives it; 0: it is new
   * @param hash what `hashOf` gives for the key
   * @throws RangeError where there is no memory; nothing has changed then
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
   * Removes a key that is there.
   *
   * @param address of its entry, as `find` gives it
   * @param hash what `hashOf` gives for it
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
   * Tells where the entry in a slot is.
   *
   * @param entry filled; what it says is good until the next change, `commit` or `rollback`
   * @returns false where the slot is free
   * @throws RangeError where there is no such slot
   */
  read(slot: number, entry: Entry): boolean {
    const address = this.#slots.addressAt(slot);
    if (address === 0) return false;
    readEntry(this.#arena, address, entry);
    return true;
  }

  /**
   * Tells where the entry is that `find` gave the address of.
   *
   * @param entry filled as by `read`
   */
  readAt(address: number, entry: Entry): void {
    readEntry(this.#arena, address, entry);
  }

  /** About how many bytes the entry has that `find` gave the address of. */
  entrySizeAt(address: number): number {
    return this.#arena.blockSizeAt(address);
  }

  /** Changes until now can no more be taken back. Slots are numbered anew where the table is empty. */
  commit(): void {
    for (let at = 0; at < this.#undoSlots.length; at++) {
      const address = this.#undoAddresses[at] ?? 0;
      if (address !== 0) this.#arena.free(address);
    }
    this.#clearUndo();
    this.#resetIfEmpty();
  }

  /** How many changes may be taken back. */
  get changesToUndo(): number {
    return this.#undoSlots.length;
  }

  /**
   * Takes back the last changes. What memory they took the next `commit` gives back, or a later one.
   *
   * @param count how many of `changesToUndo` stay
   */
  rollbackTo(count: number): void {
    this.#undoTo(count);
    this.#undoSlots.length = this.#undoAddresses.length = this.#undoHashes.length = count;
  }

  /** Takes back all changes since the last commit: each key is in the slot and with the value that it had. */
  rollback(): void {
    this.#undoTo(0);
    this.#clearUndo();
    this.#slots.trim();
    this.#resetIfEmpty();
  }

  /** Backwards, so that each step finds the table as its change had left it. */
  #undoTo(count: number): void {
    for (let at = this.#undoSlots.length - 1; at >= count; at--) {
      this.#undo(this.#undoSlots[at] ?? 0, this.#undoAddresses[at] ?? 0, this.#undoHashes[at] ?? 0);
    }
  }

  #insert(hash: number, key: Span, value: Span): void {
    // First all that may fail.
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
      // It is the last slot that was freed, and the index has not shrunk since: nothing can fail.
      this.#link(hash, before);
    } else {
      this.#replace(slot, hash, address, before);
      this.#arena.free(address);
    }
  }

  /** Puts an entry, written for the slot that is next, where it is found. */
  #link(hash: number, address: number): void {
    this.#slots.take(address);
    this.#index.add(hash, address);
    this.#entryBytes += this.#arena.blockSizeAt(address);
    this.#size++;
  }

  /** Puts an entry in the place of another of the same key. */
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
    // Not before: while changes may be taken back, the index keeps the room for that.
    for (const hash of this.#undoHashes) this.#index.shrink(hash);
    this.#undoSlots.length = this.#undoAddresses.length = this.#undoHashes.length = 0;
  }

  #resetIfEmpty(): void {
    if (this.#size > 0 || this.#arena.usedBytes === 0) return;
    this.#slots.clear();
    this.#index.clear();
  }
}
