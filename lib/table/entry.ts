/**
 * Entries: a key and its value, in a block of the arena. Its payload is
 *
 *     bytes of the key (u32), bytes of the value (u32), key, value
 *
 * with key and value as they are described in `hash_table.ts`.
 */
import { copyBytes } from "../base/byte_builder.ts";
import type { Span } from "../base/span.ts";
import { type Arena, byteIndex, wordIndex } from "../base/arena.ts";

/** Where the key begins, counted from the payload's start. */
export const KEY_OFFSET = 8;

/** Where an entry's bytes are; filled anew by each `read`. Good until the table's next change. */
export class Entry {
  bytes: Uint8Array = new Uint8Array(0);
  /** The key is from here to `keyEnd`, and the value from there to `valueEnd`. */
  keyStart = 0;
  keyEnd = 0;
  valueEnd = 0;
}

/** Payload of an entry, in bytes. */
export function entryBytes(keyBytes: number, valueBytes: number): number {
  return KEY_OFFSET + keyBytes + valueBytes;
}

/** A new entry's address. Throws a RangeError where there is no memory for it. */
export function writeEntry(arena: Arena, key: Span, value: Span): number {
  const keyBytes = key.end - key.start, valueBytes = value.end - value.start;
  const address = arena.allocate(entryBytes(keyBytes, valueBytes));
  const words = arena.wordsOf(address), at = wordIndex(address);
  words[at] = keyBytes;
  words[at + 1] = valueBytes;
  const bytes = arena.bytesOf(address), keyStart = byteIndex(address) + KEY_OFFSET;
  copyBytes(key.bytes, key.start, key.end, bytes, keyStart);
  copyBytes(value.bytes, value.start, value.end, bytes, keyStart + keyBytes);
  return address;
}

/** Puts a value in the place of another, in a block of the right size. */
export function overwriteValue(arena: Arena, address: number, value: Span): void {
  const words = arena.wordsOf(address), at = wordIndex(address);
  words[at + 1] = value.end - value.start;
  const start = byteIndex(address) + KEY_OFFSET + (words[at] ?? 0);
  copyBytes(value.bytes, value.start, value.end, arena.bytesOf(address), start);
}

/** Tells where an entry's bytes are. */
export function readEntry(arena: Arena, address: number, entry: Entry): void {
  const words = arena.wordsOf(address), at = wordIndex(address);
  entry.bytes = arena.bytesOf(address);
  entry.keyStart = byteIndex(address) + KEY_OFFSET;
  entry.keyEnd = entry.keyStart + (words[at] ?? 0);
  entry.valueEnd = entry.keyEnd + (words[at + 1] ?? 0);
}

/** Length of an entry's key. */
export function entryKeyBytes(arena: Arena, address: number): number {
  return arena.wordsOf(address)[wordIndex(address)] ?? 0;
}
