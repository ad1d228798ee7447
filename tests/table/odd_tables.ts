/** Tables that tests make difficult: colliding hashes, arenas without memory, odd keys and large values. */
import fc from "fast-check";
import { Arena } from "../../lib/bytes/arena.ts";
import { spanOf } from "../../lib/bytes/span.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { KeyHash } from "../../lib/table/key_hash.ts";
import { pairAt } from "../helpers/table_texts.ts";

export const ODD_KEYS = [
  ...["", "__proto__", "constructor", "toString", "\u0000", "\u0000\u0000", "a", "A", "\n"],
  ...["\ud800", "\udc00", "\ud800\ud800", "\ufffd", "\u00e9", "e\u0301", "\u{1f600}", "\u4e2d"],
  ...['"', "\\", "\\u0000", "\\ud800"],
  "k".repeat(1_000_000),
  "k".repeat(999_999),
];
const SHORT_ODD_KEYS = ODD_KEYS.slice(0, -2);

/** Bytes that a table does not count: the first shards of its index, and a page of slots. */
export const CONSTANT_BYTES = 60_000;

/** A hash with only some bits, so that keys collide. */
export class WeakHash extends KeyHash {
  readonly #mask: number;

  constructor(mask: number) {
    super();
    this.#mask = mask;
  }

  override of(bytes: Uint8Array, start: number, end: number): number {
    return super.of(bytes, start, end) & this.#mask;
  }
}

/** Masks of hashes: good; eight shards; one shard; two first cells in each; all equal; one first cell, but not equal. */
export const masks = fc.constantFrom(-1, ~0x3f8, ~0x3ff, 0x7ff, 0, 0xf00 << 20);

/** An arena that runs out of memory at a given allocation. */
export class FailingArena extends Arena {
  allocationsLeft = Infinity;

  override tryAllocate(payloadBytes: number): number {
    return this.allocationsLeft-- > 0 ? super.tryAllocate(payloadBytes) : 0;
  }
}

export const keys = fc.oneof(fc.constantFrom(...SHORT_ODD_KEYS), fc.string({ maxLength: 2 }));

const VALUE_BYTES = "0123456789".repeat(10_001);
export const values = fc.tuple(
  fc.nat(9),
  fc.oneof(
    { weight: 10, arbitrary: fc.nat(40) },
    { weight: 3, arbitrary: fc.nat(3_000) },
    { weight: 1, arbitrary: fc.nat(100_000) },
  ),
).map(([from, length]) => VALUE_BYTES.slice(from, from + length));

/** The whole visible state of a table. */
export function stateOf(table: HashTable): unknown {
  const slots = Array.from({ length: table.slotsUsed }, (_, slot) => pairAt(table, slot));
  return [table.size, table.bytes, table.slotsUsed, slots];
}

export function byteLength(text: string): number {
  return spanOf(text).end;
}
