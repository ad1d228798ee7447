/** Blocks of an arena that are marked with a byte, to see that they stay apart and keep their bytes. */
import assert from "assert";
import fc from "fast-check";
import { Arena, blockBytes, byteIndex } from "../../lib/bytes/arena.ts";

export const MIB = 1024 * 1024;
export const SEGMENT_BYTES = 32 * MIB;

/** The largest payload that fits in a shared segment. */
export const LARGEST_SHARED = 31.5 * MIB - 4;

/** Bytes at each end of a block that are written and checked. */
const WRITTEN_BYTES = 4_096;

/** A block in use, and the byte that fills it. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
  readonly mark: number;
}

/** Index of each byte at both ends of a block's payload. */
function* endsOf({ address, bytes }: Block): Generator<number> {
  const start = byteIndex(address);
  for (let at = 0; at < Math.min(bytes, WRITTEN_BYTES); at++) yield start + at;
  for (let at = Math.max(WRITTEN_BYTES, bytes - WRITTEN_BYTES); at < bytes; at++) yield start + at;
}

export function allocateMarked(arena: Arena, bytes: number, mark: number): Block {
  const block = { address: arena.allocate(bytes), bytes, mark };
  const memory = arena.segmentBytes(block.address);
  for (const at of endsOf(block)) memory[at] = mark;
  return block;
}

export function assertIntact(arena: Arena, block: Block): void {
  const memory = arena.segmentBytes(block.address);
  assert.ok(byteIndex(block.address) + block.bytes <= memory.length, "it ends in its segment");
  for (const at of endsOf(block)) {
    if (memory[at] !== block.mark) assert.fail(`byte ${at} of a block of ${block.bytes}`);
  }
}

/** The location of a block: its segment's buffer, its start and end there. */
function placeOf(arena: Arena, { address, bytes }: Block): [ArrayBuffer, number, number] {
  const start = byteIndex(address) - 4;
  return [arena.segmentBytes(address).buffer, start, start + blockBytes(bytes)];
}

export function assertApart(arena: Arena, blocks: readonly Block[]): void {
  const places = new Map<ArrayBuffer, [number, number][]>();
  for (const block of blocks) {
    const [buffer, start, end] = placeOf(arena, block);
    places.set(buffer, [...places.get(buffer) ?? [], [start, end]]);
  }
  for (const inOne of places.values()) {
    let before = 0;
    for (const [start, end] of inOne.sort(([a], [b]) => a - b)) {
      assert.ok(start >= before, "it begins behind the end of the block before");
      before = end;
    }
  }
}

/** Checks that no block is in use, and that free memory is one block. */
export function assertEmpty(arena: Arena): void {
  assert.equal(arena.usedBytes, 0);
  assert.ok(arena.reservedBytes <= SEGMENT_BYTES, "at most one segment is retained");
  if (arena.reservedBytes === 0) return;
  const whole = arena.allocate(LARGEST_SHARED);
  assert.equal(arena.reservedBytes, SEGMENT_BYTES, "it fits in the retained one");
  arena.free(whole);
}

export const sizes = fc.oneof(
  { weight: 8, arbitrary: fc.nat(60) },
  { weight: 8, arbitrary: fc.nat(2_000) },
  { weight: 4, arbitrary: fc.nat(100_000) },
  { weight: 2, arbitrary: fc.nat(4 * MIB) },
  { weight: 1, arbitrary: fc.integer({ min: 30 * MIB, max: 34 * MIB }) },
);
