/**
 * The table: keys and the JSON text of their values (I8).
 *
 * Each key has a slot, a small number that stays the same for as long as the key is in the table.
 * Walking the slots in order therefore meets every key that is there during the whole walk exactly
 * once, whatever happens in between, and a place in the walk is nothing but a number: a cursor that
 * is never finished holds on to nothing (I5).
 *
 * The index from key to slot is spread over many maps, because one `Map` ends at 16,777,216
 * entries, and because growing a large one stops everything for as long as that takes.
 */
import { stringBytes } from "../base/owned_string.ts";

/** Maps of the index; a power of two. */
const SHARDS = 256;

/** A V8 `Map` throws beyond this. */
const MAX_MAP_ENTRIES = 2 ** 24 - 1;

/** Slots in one page; pages are allocated whole, so that growth never copies. A power of two. */
const PAGE_SLOTS = 4096;

/** What a key costs beside its two strings, in bytes: index entry, two slots, slack of growth. */
const ENTRY_BYTES = 72;

/** A page of slots; a free slot holds undefined twice. */
interface Page {
  readonly keys: (string | undefined)[];
  readonly values: (string | undefined)[];
}

/** A hash table in memory that knows what it costs. */
export class HashTable {
  readonly #index: Map<string, number>[] = Array.from({ length: SHARDS }, () => new Map());
  readonly #hashSeed: number = crypto.getRandomValues(new Int32Array(1))[0] ?? 0;
  readonly #pages: Page[] = [];
  readonly #freeSlots: number[] = [];
  #slotsUsed = 0;
  #size = 0;
  #bytes = 0;

  /** Number of keys. */
  get size(): number {
    return this.#size;
  }

  /** Memory taken by keys, values and their index, in bytes, reckoned. */
  get bytes(): number {
    return this.#bytes;
  }

  /** One more than the highest slot that was ever used. */
  get slotsUsed(): number {
    return this.#slotsUsed;
  }

  /** The value's text, or undefined where there is no such key. */
  lookup(key: string): string | undefined {
    const slot = this.#shardOf(key).get(key);
    return slot === undefined ? undefined : this.valueAt(slot);
  }

  /**
   * How much `bytes` would grow by an insert, or undefined where the index cannot take the key.
   * Negative where a smaller value replaces a larger one.
   */
  costOf(key: string, value: string): number | undefined {
    const old = this.lookup(key);
    if (old !== undefined) return stringBytes(value) - stringBytes(old);
    if (this.#shardOf(key).size >= MAX_MAP_ENTRIES) return undefined;
    return ENTRY_BYTES + stringBytes(key) + stringBytes(value);
  }

  /** Inserts or replaces. Both strings are kept, so they must be owned ones (`owned_string.ts`). */
  insert(key: string, value: string): void {
    const shard = this.#shardOf(key);
    let slot = shard.get(key);
    if (slot === undefined) {
      slot = this.#freeSlots.pop() ?? this.#newSlot();
      shard.set(key, slot);
      this.#pageOf(slot).keys[slot % PAGE_SLOTS] = key;
      this.#size++;
      this.#bytes += ENTRY_BYTES + stringBytes(key);
    } else {
      this.#bytes -= stringBytes(this.valueAt(slot) ?? "");
    }
    this.#pageOf(slot).values[slot % PAGE_SLOTS] = value;
    this.#bytes += stringBytes(value);
  }

  /** Removes a key and gives its value back, or undefined where there is no such key. */
  remove(key: string): string | undefined {
    const shard = this.#shardOf(key);
    const slot = shard.get(key);
    if (slot === undefined) return undefined;
    const page = this.#pageOf(slot);
    const value = page.values[slot % PAGE_SLOTS] ?? "";
    page.keys[slot % PAGE_SLOTS] = undefined;
    page.values[slot % PAGE_SLOTS] = undefined;
    shard.delete(key);
    this.#size--;
    this.#bytes -= ENTRY_BYTES + stringBytes(key) + stringBytes(value);
    this.#freeSlots.push(slot);
    return value;
  }

  /** The key in a slot, or undefined where the slot is free. */
  keyAt(slot: number): string | undefined {
    return this.#pageOf(slot).keys[slot % PAGE_SLOTS];
  }

  /** The value in a slot, or undefined where the slot is free. */
  valueAt(slot: number): string | undefined {
    return this.#pageOf(slot).values[slot % PAGE_SLOTS];
  }

  /** FNV-1a over the characters, from a seed that nobody can aim at. */
  #shardOf(key: string): Map<string, number> {
    let hash = this.#hashSeed;
    for (let at = 0; at < key.length; at++) {
      hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
    }
    const shard = this.#index[(hash ^ (hash >>> 16)) & (SHARDS - 1)];
    if (shard === undefined) throw new RangeError("no such shard");
    return shard;
  }

  #pageOf(slot: number): Page {
    const page = this.#pages[Math.floor(slot / PAGE_SLOTS)];
    if (page === undefined) throw new RangeError(`no slot ${slot}`);
    return page;
  }

  #newSlot(): number {
    if (this.#slotsUsed === this.#pages.length * PAGE_SLOTS) {
      this.#pages.push({ keys: new Array(PAGE_SLOTS), values: new Array(PAGE_SLOTS) });
    }
    return this.#slotsUsed++;
  }

  /**
   * Numbers the slots anew where the table is empty. Not while a change may still be undone: that has to
   * find the slots as they were.
   */
  giveBackSlots(): void {
    if (this.#size > 0 || this.#slotsUsed === 0) return;
    this.#pages.length = 0;
    this.#freeSlots.length = 0;
    this.#slotsUsed = 0;
  }
}
