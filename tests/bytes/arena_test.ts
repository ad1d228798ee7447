/**
 * Proves that blocks never overlap and keep their bytes, that all memory is released in any order of
 * freeing, and that the end of memory is an error without damage.
 */
import assert from "assert";
import fc from "fast-check";
import { Arena, blockBytes, byteIndex, wordIndex } from "../../lib/bytes/arena.ts";
import { testsOf } from "../helpers/pure.ts";
import {
  allocateMarked,
  assertApart,
  assertEmpty,
  assertIntact,
  type Block,
  LARGEST_SHARED,
  MIB,
  SEGMENT_BYTES,
  sizes,
} from "./marked_blocks.ts";

const test = testsOf("arena");

test("blocks never overlap, keep their bytes, and all memory is released", () => {
  const step = fc.record({ frees: fc.integer({ max: 10, min: 0 }), which: fc.nat(), size: sizes });
  const steps = fc.array(step, { maxLength: 300, size: "max" });
  fc.assert(
    fc.property(steps, (steps) => {
      const arena = new Arena();
      const live: Block[] = [];
      let bytes = 0;
      const free = (which: number) => {
        const [block] = live.splice(which % live.length, 1);
        if (block === undefined) return;
        assertIntact(arena, block);
        arena.free(block.address);
        bytes -= blockBytes(block.bytes);
      };
      steps.forEach(({ frees, which, size }, mark) => {
        if (frees >= 6) free(which);
        live.push(allocateMarked(arena, size, mark % 255 + 1));
        bytes += blockBytes(size);
        if (frees === 10) { while (live.length > which % 10) free(which); }
        assert.equal(arena.usedBytes, bytes);
      });
      assertApart(arena, live);
      for (const block of live) assertIntact(arena, block);
      while (live.length > 0) free(steps.length * 7 + live.length);
      assertEmpty(arena);
    }),
    { numRuns: 60 },
  );
});

test("a block has its payload, and at most 11 bytes and 1/32 more", () => {
  const arena = new Arena();
  // Free pieces of all small sizes: some are larger than a request by one unit.
  const pieces = Array.from({ length: 400 }, (_, at) => arena.allocate(at));
  pieces.forEach((address, at) => at % 2 === 0 && arena.free(address));
  for (let bytes = 0; bytes < 200_000; bytes += 1 + (bytes >>> 7)) {
    const address = arena.allocate(bytes);
    assert.equal(arena.blockSizeAt(address), blockBytes(bytes));
    assert.ok(blockBytes(bytes) >= bytes + 4);
    assert.ok(blockBytes(bytes) <= bytes + 11 + (bytes < 500 ? 0 : bytes / 32), `${bytes} bytes`);
  }
});

test("adjacent free blocks become one, in any order of freeing", () => {
  for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
    for (const bytes of [4, 12, 1_020]) {
      const arena = new Arena();
      const blocks = [bytes, bytes, bytes, bytes].map((size) => arena.allocate(size));
      for (const which of order) arena.free(blocks[which] ?? 0);
      assert.equal(arena.allocate(3 * blockBytes(bytes) - 4), blocks[0], `in the order ${order}`);
      assert.equal(arena.usedBytes, 4 * blockBytes(bytes));
    }
  }
});

test("a freed block is used for the next one of its size, before a larger one is split", () => {
  for (const bytes of [20, 100, 5_000, 200_001, 3 * MIB + 17]) {
    const arena = new Arena();
    const [wanted = 0, , larger = 0] = [bytes, 8, 2 * bytes, 8].map((size) => arena.allocate(size));
    arena.free(wanted);
    arena.free(larger);
    assert.equal(arena.allocate(bytes), wanted);
  }
});

test("segments that become free are released at once", () => {
  const arena = new Arena();
  const blocks = Array.from({ length: 20 }, () => arena.allocate(5 * MIB));
  assert.equal(arena.reservedBytes, 4 * SEGMENT_BYTES);
  const buffers = blocks.map((address) => arena.segmentBytes(address).buffer);
  for (const address of blocks.reverse()) arena.free(address);
  assert.equal(arena.reservedBytes, 0);
  assert.ok(buffers.every(({ detached }) => detached));
});

test("one segment that was hardly used is retained for the next block", () => {
  const arena = new Arena();
  const small = arena.allocate(MIB / 2);
  const { buffer } = arena.segmentBytes(small);
  arena.free(small);
  assert.equal(arena.reservedBytes, SEGMENT_BYTES);
  const large = arena.allocate(20 * MIB), other = arena.allocate(20 * MIB);
  assert.equal(arena.segmentBytes(large).buffer, buffer);
  assert.equal(arena.reservedBytes, 2 * SEGMENT_BYTES);
  arena.free(other);
  arena.free(large);
  assert.equal(arena.reservedBytes, 0);
});

test("retainedBytes sets the limit of a hardly used segment", () => {
  const arena = new Arena({ retainedBytes: 16 * MIB });
  arena.free(arena.allocate(15 * MIB));
  assert.equal(arena.reservedBytes, SEGMENT_BYTES);
  arena.free(arena.allocate(20 * MIB));
  assert.equal(arena.reservedBytes, 0);
});

test("large blocks have dedicated segments, but at most 64 of them", () => {
  const arena = new Arena({ dedicatedBytes: 4 * MIB });
  const small = allocateMarked(arena, 100, 1);
  const large = Array.from({ length: 70 }, (_, at) => allocateMarked(arena, 4 * MIB, at + 2));
  const shared = 1 + Math.ceil((70 - 64) / 7); // 7 blocks fit in one
  assert.ok(arena.reservedBytes <= (64 + shared) * SEGMENT_BYTES);
  assertApart(arena, [small, ...large]);
  for (const block of [small, ...large]) assertIntact(arena, block);
  const buffers = large.map(({ address }) => arena.segmentBytes(address).buffer);
  for (const { address } of large) arena.free(address);
  assert.equal(buffers.filter(({ detached }) => detached).length >= 64, true);
  assert.ok(arena.reservedBytes <= shared * SEGMENT_BYTES);
  const again = allocateMarked(arena, 4 * MIB, 9);
  assert.ok(arena.reservedBytes <= (1 + shared) * SEGMENT_BYTES);
  arena.free(again.address);
  arena.free(small.address);
  assert.ok(arena.reservedBytes <= SEGMENT_BYTES);
});

test("trim releases a retained segment that is not needed, and keeps a small one", () => {
  const arena = new Arena({ retainedBytes: 16 * MIB });
  arena.trim();
  assert.equal(arena.reservedBytes, SEGMENT_BYTES);
  const used = (bytes: number) => {
    const address = arena.allocate(bytes);
    const { buffer } = arena.segmentBytes(address);
    arena.free(address);
    return buffer;
  };
  const before = used(15 * MIB);
  arena.trim();
  assert.equal(used(10 * MIB), before, "it was in use since the last call");
  arena.trim();
  assert.ok(!before.detached, "it was in use since the call before");
  used(1_000);
  arena.trim();
  assert.ok(before.detached, "little of it was in use");
  assert.equal(arena.reservedBytes, SEGMENT_BYTES);
  const after = used(1_000);
  arena.trim();
  arena.trim();
  assert.equal(used(1_000), after, "a hardly used segment is always retained");
});

test("the retained segment stays if there is no memory for another one", () => {
  const arena = new Arena({ retainedBytes: 16 * MIB, maxSegments: 1 });
  arena.free(arena.allocate(15 * MIB));
  arena.trim();
  arena.trim();
  assert.equal(arena.reservedBytes, SEGMENT_BYTES);
  arena.free(allocateMarked(arena, 15 * MIB, 1).address);
  assertEmpty(arena);
});

test("a block too large for a shared segment has a dedicated one, which is released with it", () => {
  const arena = new Arena({ maxSegments: 2 });
  for (let round = 0; round < 20; round++) {
    const large = allocateMarked(arena, LARGEST_SHARED + 1 + round * MIB, 7);
    assert.equal(arena.reservedBytes, Math.max(SEGMENT_BYTES, blockBytes(large.bytes) + 8));
    assertIntact(arena, large);
    assert.equal(arena.blockSizeAt(large.address), blockBytes(large.bytes));
    arena.free(large.address);
    assert.equal(arena.reservedBytes, 0);
  }
});

test("words and bytes of a block are the same memory", () => {
  const arena = new Arena();
  for (const bytes of [8, 20 * MIB, 40 * MIB]) {
    const address = arena.allocate(bytes);
    arena.segmentWords(address)[wordIndex(address) + 1] = 0x04030201;
    const start = byteIndex(address);
    assert.deepEqual([...arena.segmentBytes(address).subarray(start + 4, start + 8)], [1, 2, 3, 4]);
    assert.deepEqual([...arena.payload(address, 8).subarray(4)], [1, 2, 3, 4]);
  }
});

test("without addresses, allocate throws a RangeError, and other calls still succeed", () => {
  const arena = new Arena({ maxSegments: 2 });
  const live: Block[] = [];
  assert.throws(() => {
    for (;;) live.push(allocateMarked(arena, MIB, live.length + 1));
  }, (error) => error instanceof RangeError && /no memory for 1048576 bytes/.test(error.message));
  assert.ok(live.length >= 62, `${live.length} of them`);
  assert.equal(arena.tryAllocate(MIB), 0);
  assert.equal(arena.tryAllocate(40 * MIB), 0);
  live.push(allocateMarked(arena, 100, 99));
  for (const block of live) assertIntact(arena, block);
  for (const { address } of live) arena.free(address);
  assertEmpty(arena);
});

test("without memory, allocate throws a RangeError, and nothing has changed", () => {
  const arena = new Arena();
  const block = allocateMarked(arena, 100, 5);
  const held = arena.reservedBytes;
  const refused = { name: "RangeError", message: /no memory for \d+ bytes more/ };
  for (const bytes of [2 ** 33, 2 ** 44, 2 ** 52]) {
    assert.throws(() => arena.allocate(bytes), refused);
  }
  const { ArrayBuffer: real } = globalThis;
  globalThis.ArrayBuffer = class {
    constructor() {
      throw new RangeError("Array buffer allocation failed");
    }
  } as unknown as ArrayBufferConstructor;
  try {
    assert.throws(() => arena.allocate(40 * MIB), refused);
    assert.throws(() => {
      for (;;) arena.allocate(MIB);
    }, refused);
  } finally {
    globalThis.ArrayBuffer = real;
  }
  assert.equal(arena.reservedBytes, held);
  assertIntact(arena, block);
});
