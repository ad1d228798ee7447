/** Proves that an entry of any size has its key, value and slot, and takes the bytes that it computes. */
import assert from "assert";
import { Arena, blockBytes } from "../../lib/bytes/arena.ts";
import type { Span } from "../../lib/bytes/span.ts";
import {
  Entry,
  entryBytes,
  hasKey,
  overwriteEntry,
  readEntry,
  slotOf,
  writeEntry,
} from "../../lib/table/entry.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("entry");

/** Sizes on both sides of the bounds of the short form. */
const KEY_BYTES = [0, 1, 10, 1_021, 1_022, 1_023, 1_024, 2_048];
const VALUE_BYTES = [0, 1, 34, 1_023, 2 ** 22 - 1, 2 ** 22, 2 ** 22 + 7];
const SLOTS = [0, 1, 2 ** 28, 2 ** 31 - 2];

function spanOfBytes(length: number, byte: number): Span {
  // The span is in the middle of the buffer.
  return { bytes: new Uint8Array(length + 2).fill(byte), start: 1, end: length + 1 };
}

function check(arena: Arena, address: number, slot: number, key: Span, value: Span): void {
  const entry = new Entry();
  readEntry(arena, address, entry);
  const sizes = [entry.keyEnd - entry.keyStart, entry.valueEnd - entry.keyEnd];
  assert.deepEqual(sizes, [key.end - key.start, value.end - value.start]);
  const kept = entry.bytes.subarray(entry.keyStart, entry.valueEnd);
  assert.ok(kept.subarray(0, sizes[0]).every((byte) => byte === key.bytes[0]));
  assert.ok(kept.subarray(sizes[0]).every((byte) => byte === value.bytes[0]));
  assert.equal(slotOf(arena, address), slot);
  assert.ok(hasKey(arena, address, key.bytes, key.start, key.end));
  const longer = spanOfBytes(key.end, key.bytes[0] ?? 0);
  assert.ok(!hasKey(arena, address, longer.bytes, longer.start, longer.end));
  if (key.end > key.start) {
    assert.ok(!hasKey(arena, address, key.bytes, key.start, key.end - 1));
    longer.bytes[key.end - 1] = 0;
    assert.ok(!hasKey(arena, address, longer.bytes, key.start, key.end));
  }
}

test("keys, values and slots of all sizes are read back", () => {
  for (const keyBytes of KEY_BYTES) {
    for (const valueBytes of VALUE_BYTES) {
      const arena = new Arena();
      const key = spanOfBytes(keyBytes, 107), value = spanOfBytes(valueBytes, 118);
      const slot = SLOTS[(keyBytes + valueBytes) % SLOTS.length] ?? 0;
      // An entry that takes more than it computes would destroy adjacent ones.
      const small = spanOfBytes(3, 97);
      const before = writeEntry(arena, 1, small, small);
      const address = writeEntry(arena, slot, key, value);
      const behind = writeEntry(arena, 2, small, small);
      check(arena, address, slot, key, value);
      check(arena, before, 1, small, small);
      check(arena, behind, 2, small, small);
      assert.equal(arena.blockSizeAt(address), blockBytes(entryBytes(keyBytes, valueBytes)));
    }
  }
});

test("an entry is overwritten by another one, in short and long form", () => {
  const arena = new Arena();
  const key = spanOfBytes(10, 107);
  const small = spanOfBytes(2 ** 22 - 1, 49), large = spanOfBytes(2 ** 22, 50);
  const blocks = [small, large].map(({ end }) => blockBytes(entryBytes(10, end - 1)));
  assert.equal(blocks[0], blocks[1], "both fit in the same block");
  const address = writeEntry(arena, 5, key, small);
  overwriteEntry(arena, address, 5, key, large);
  check(arena, address, 5, key, large);
  overwriteEntry(arena, address, 5, key, small);
  check(arena, address, 5, key, small);
});

test("a key of 10 bytes with a value of 34 takes 12 bytes more", () => {
  assert.equal(blockBytes(entryBytes(10, 34)), 56);
});
