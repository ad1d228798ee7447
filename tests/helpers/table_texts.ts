/** A table's keys and values as texts. */
import { spanOf, textAt } from "../../lib/base/span.ts";
import { Entry, type HashTable } from "../../lib/table/hash_table.ts";

/** A key as the table keeps it: its canonical JSON text, without the quotes. */
export function keyText(key: string): string {
  return JSON.stringify(key).slice(1, -1);
}

/** The slot of a key, or -1. */
export function slotOf(table: HashTable, key: string): number {
  const { bytes, start, end } = spanOf(keyText(key));
  return table.find(table.hashOf(bytes, start, end), bytes, start, end);
}

/** Inserts or replaces; gives the slot. */
export function insertText(table: HashTable, key: string, valueJson: string): number {
  const span = spanOf(keyText(key));
  const hash = table.hashOf(span.bytes, span.start, span.end);
  return table.set(slotOf(table, key), hash, span, spanOf(valueJson));
}

/** The value's text, or undefined where there is no such key. */
export function lookupText(table: HashTable, key: string): string | undefined {
  const slot = slotOf(table, key);
  return slot < 0 ? undefined : pairAt(table, slot)?.[1];
}

/** Removes a key and gives its value's text, or undefined where there is no such key. */
export function removeText(table: HashTable, key: string): string | undefined {
  const value = lookupText(table, key);
  if (value !== undefined) table.remove(slotOf(table, key));
  return value;
}

/** Key and value's text in a slot, or undefined where it is free. */
export function pairAt(table: HashTable, slot: number): [key: string, value: string] | undefined {
  const entry = new Entry();
  if (!table.read(slot, entry)) return undefined;
  const { bytes, keyStart, keyEnd, valueEnd } = entry;
  const key: unknown = JSON.parse(`"${textAt(bytes, keyStart, keyEnd)}"`);
  return [String(key), textAt(bytes, keyEnd, valueEnd)];
}

/** All keys with their values' texts, in the order of their slots. */
export function pairsOf(table: HashTable): Map<string, string> {
  const pairs = new Map<string, string>();
  for (let slot = 0; slot < table.slotsUsed; slot++) {
    const pair = pairAt(table, slot);
    if (pair !== undefined) pairs.set(...pair);
  }
  return pairs;
}
