/** Keys and values of a table as texts. */
import { areEqual, spanOf, textAt } from "../../lib/bytes/span.ts";
import { Entry, type HashTable } from "../../lib/table/hash_table.ts";

/** Encodes a key as the table stores it: its canonical JSON text, without the quotes. */
export function keyText(key: string): string {
  return JSON.stringify(key).slice(1, -1);
}

/** Computes the hash of a key. */
export function hashOf(table: HashTable, key: string): number {
  const { bytes, start, end } = spanOf(keyText(key));
  return table.hashOf(bytes, start, end);
}

/** Finds the address of a key's entry, or 0. */
export function addressOf(table: HashTable, key: string): number {
  const { bytes, start, end } = spanOf(keyText(key));
  return table.find(table.hashOf(bytes, start, end), bytes, start, end);
}

/** Finds the slot of a key, or -1. */
export function slotOf(table: HashTable, key: string): number {
  const { bytes, start, end } = spanOf(keyText(key));
  const entry = new Entry();
  for (let slot = 0; slot < table.slotsUsed; slot++) {
    if (!table.read(slot, entry)) continue;
    if (areEqual(entry.bytes, entry.keyStart, entry.keyEnd, bytes, start, end)) return slot;
  }
  return -1;
}

/** Inserts or replaces a key. */
export function insertText(table: HashTable, key: string, valueJson: string): void {
  table.set(addressOf(table, key), hashOf(table, key), spanOf(keyText(key)), spanOf(valueJson));
}

/** Looks up a value's text; undefined if there is no such key. */
export function lookupText(table: HashTable, key: string): string | undefined {
  const address = addressOf(table, key);
  if (address === 0) return undefined;
  const entry = new Entry();
  table.readAt(address, entry);
  return pairIn(entry)[1];
}

/** Removes a key and returns its value's text; undefined if there is no such key. */
export function removeText(table: HashTable, key: string): string | undefined {
  const value = lookupText(table, key);
  if (value !== undefined) table.remove(addressOf(table, key), hashOf(table, key));
  return value;
}

/** Reads the key and the value's text of a slot; undefined if it is free. */
export function pairAt(table: HashTable, slot: number): [key: string, value: string] | undefined {
  const entry = new Entry();
  return table.read(slot, entry) ? pairIn(entry) : undefined;
}

function pairIn({ bytes, keyStart, keyEnd, valueEnd }: Entry): [key: string, value: string] {
  const key: unknown = JSON.parse(`"${textAt(bytes, keyStart, keyEnd)}"`);
  return [String(key), textAt(bytes, keyEnd, valueEnd)];
}

/** Reads all keys with their values' texts, in the order of their slots. */
export function pairsOf(table: HashTable): Map<string, string> {
  const pairs = new Map<string, string>();
  for (let slot = 0; slot < table.slotsUsed; slot++) {
    const pair = pairAt(table, slot);
    if (pair !== undefined) pairs.set(...pair);
  }
  return pairs;
}
