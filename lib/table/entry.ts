/**
 * Entries: each is a key and its value, in a block of the arena. The payload of the block, in words of 4
 * bytes, is
 *
 *     short form: slot, sizes, key and value            (key up to 1022 bytes, value below 4 MiB)
 *     long form:  slot, -1, bytes of the key, bytes of the value, key and value
 *
 *     sizes = bytes of the key (10 highest bits), bytes of the value (22 bits)
 *
 * `hash_table.ts` defines the bytes of key and value, and `slots.ts` the slot. An entry contains its slot
 * to save a memory access, which is the largest cost in a table of millions of keys. The slot takes no
 * extra space in most entries, because both sizes share a word.
 */
import { copyBytes } from "../bytes/byte_builder.ts";
import { areEqual, type Span } from "../bytes/span.ts";
import { type Arena, byteIndex, wordIndex } from "../bytes/arena.ts";

/** Offset of the key in the payload, in short and long form. */
const KEY_OFFSET = 8, LARGE_KEY_OFFSET = 16;

/** Marks the long form, in place of the sizes. */
const LARGE = -1;

const VALUE_BITS = 22;
const VALUE_MASK = (1 << VALUE_BITS) - 1;
/** One less than fits, so that no sizes equal `LARGE`. */
const MAX_SMALL_KEY = (1 << 32 - VALUE_BITS) - 2;

/** The location of an entry's bytes, set by each read. Valid until the table's next change. */
export class Entry {
  bytes: Uint8Array = new Uint8Array(0);
  /** The key is from here to `keyEnd`, and the value from there to `valueEnd`. */
  keyStart = 0;
  keyEnd = 0;
  valueEnd = 0;
}

/** Payload of an entry, in bytes. */
export function entryBytes(keyBytes: number, valueBytes: number): number {
  return (isLarge(keyBytes, valueBytes) ? LARGE_KEY_OFFSET : KEY_OFFSET) + keyBytes + valueBytes;
}

/** Writes a new entry and returns its address. Throws a RangeError if there is no memory. */
export function writeEntry(arena: Arena, slot: number, key: Span, value: Span): number {
  const address = arena.allocate(entryBytes(key.end - key.start, value.end - value.start));
  overwriteEntry(arena, address, slot, key, value);
  return address;
}

/** Overwrites an entry by another one, whose block has the same size. */
export function overwriteEntry(
  arena: Arena,
  address: number,
  slot: number,
  key: Span,
  value: Span,
): void {
  const keyBytes = key.end - key.start, valueBytes = value.end - value.start;
  const words = arena.segmentWords(address), at = wordIndex(address);
  let keyStart = byteIndex(address);
  words[at] = slot;
  if (isLarge(keyBytes, valueBytes)) {
    words[at + 1] = LARGE;
    words[at + 2] = keyBytes;
    words[at + 3] = valueBytes;
    keyStart += LARGE_KEY_OFFSET;
  } else {
    words[at + 1] = keyBytes << VALUE_BITS | valueBytes;
    keyStart += KEY_OFFSET;
  }
  const bytes = arena.segmentBytes(address);
  copyBytes(key.bytes, key.start, key.end, bytes, keyStart);
  copyBytes(value.bytes, value.start, value.end, bytes, keyStart + keyBytes);
}

/** Reads the location of an entry's bytes into `entry`. */
export function readEntry(arena: Arena, address: number, entry: Entry): void {
  const words = arena.segmentWords(address), at = wordIndex(address);
  const start = byteIndex(address), sizes = words[at + 1] ?? 0;
  entry.bytes = arena.segmentBytes(address);
  if (sizes === LARGE) {
    entry.keyStart = start + LARGE_KEY_OFFSET;
    entry.keyEnd = entry.keyStart + (words[at + 2] ?? 0);
    entry.valueEnd = entry.keyEnd + (words[at + 3] ?? 0);
  } else {
    entry.keyStart = start + KEY_OFFSET;
    entry.keyEnd = entry.keyStart + (sizes >>> VALUE_BITS);
    entry.valueEnd = entry.keyEnd + (sizes & VALUE_MASK);
  }
}

/** Whether an entry has this key. */
export function hasKey(
  arena: Arena,
  address: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const words = arena.segmentWords(address), at = wordIndex(address);
  const sizes = words[at + 1] ?? 0, isLarge = sizes === LARGE;
  const keyBytes = isLarge ? words[at + 2] ?? 0 : sizes >>> VALUE_BITS;
  const keyStart = byteIndex(address) + (isLarge ? LARGE_KEY_OFFSET : KEY_OFFSET);
  return areEqual(arena.segmentBytes(address), keyStart, keyStart + keyBytes, bytes, start, end);
}

/** The slot of an entry's key. */
export function slotOf(arena: Arena, address: number): number {
  return arena.segmentWords(address)[wordIndex(address)] ?? 0;
}

function isLarge(keyBytes: number, valueBytes: number): boolean {
  return keyBytes > MAX_SMALL_KEY || valueBytes > VALUE_MASK;
}
