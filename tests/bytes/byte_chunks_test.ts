/** Proves that chunks hold what was put in, whatever its sizes, and that no two ever share one. */
import assert from "assert";
import fc from "fast-check";
import { ByteChunks, chunkBytes, freeSpareChunks } from "../../lib/bytes/byte_chunks.ts";
import { largeArena } from "../../lib/bytes/large_arena.ts";
import { MAX_SPARE_CHUNKS } from "../../lib/base/limits.ts";
import { joined } from "../helpers/streams.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `byte_chunks: ${name}`, permissions: "none", fn });
}

const bytesOf = (chunks: ByteChunks) => joined(chunks.views());

/** Sizes around those of chunks, and any others. */
const size = fc.oneof(
  fc.nat(300),
  fc.constantFrom(4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 69_632, 200_000),
);

let lastByte = 0;
const piece = size.map((size) => new Uint8Array(size).map(() => lastByte++));

const operation = fc.oneof(
  { weight: 4, arbitrary: piece.map((bytes) => ({ what: "add", bytes, share: 0, part: 0 })) },
  fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([share, part]) => ({ what: "copy", bytes: new Uint8Array(0), share, part })),
  fc.double({ min: 0, max: 1, noNaN: true })
    .map((share) => ({ what: "truncate", bytes: new Uint8Array(0), share, part: 0 })),
);

test("are what was added, whatever is cut off and copied in between", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
      const chunks = new ByteChunks(), other = new ByteChunks();
      let model = new Uint8Array(0);
      for (const { what, bytes, share, part } of operations) {
        if (what === "add") {
          chunks.add(joined([Uint8Array.of(1), bytes, Uint8Array.of(2)]), 1, 1 + bytes.length);
          model = joined([model, bytes]);
        } else if (what === "truncate") {
          model = model.slice(0, Math.floor(share * model.length));
          chunks.truncate(model.length);
        } else {
          const start = Math.floor(share * model.length);
          const end = start + Math.floor(part * (model.length - start));
          other.clear();
          other.addFrom(chunks, start, end);
          assert.deepEqual(bytesOf(other), model.slice(start, end));
        }
        assert.equal(chunks.length, model.length);
        assert.deepEqual(bytesOf(chunks), model);
      }
      chunks.clear();
      assert.deepEqual([chunks.length, chunks.views()], [0, []]);
      other.clear();
    }),
    { numRuns: 300 },
  );
});

test("a text is UTF-8, across chunks too", () => {
  for (const count of [4_094, 4_095, 4_096]) {
    const chunks = new ByteChunks();
    const text = "x".repeat(count) + "\u{1f600}\u4e2d\ud800";
    chunks.addText(text);
    assert.equal(new TextDecoder().decode(bytesOf(chunks)), text.toWellFormed());
    chunks.clear();
  }
});

test("no two share bytes, however many there are, and what is given back is used again", () => {
  for (let round = 0; round < 3; round++) {
    const all = Array.from({ length: 2 * MAX_SPARE_CHUNKS }, (_, at) => {
      const chunks = new ByteChunks();
      chunks.add(new Uint8Array(at % 2 === 0 ? 70_000 : 10).fill(at));
      return chunks;
    });
    all.forEach((chunks, at) => assert.ok(bytesOf(chunks).every((byte) => byte === at % 256)));
    for (const chunks of all) chunks.clear();
  }
});

test("what much took goes back to the system", () => {
  freeSpareChunks();
  const before = largeArena.reservedBytes;
  const all = Array.from({ length: 20 }, () => {
    const chunks = new ByteChunks();
    for (let i = 0; i < 50; i++) chunks.add(new Uint8Array(100_000));
    return chunks;
  });
  assert.ok(largeArena.reservedBytes >= 100_000_000);
  for (const chunks of all) chunks.clear();
  assert.equal(largeArena.reservedBytes, before);
});

test("one that was cleared twice gave its chunks back once", () => {
  const chunks = new ByteChunks();
  chunks.add(new Uint8Array(10));
  chunks.clear();
  chunks.clear();
  const [first, second] = [new ByteChunks(), new ByteChunks()];
  first.add(Uint8Array.of(1));
  second.add(Uint8Array.of(2));
  assert.deepEqual([[...bytesOf(first)], [...bytesOf(second)]], [[1], [2]]);
});

test("what is taken out of another one is there, and the other is empty", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), fc.array(piece, { maxLength: 4 }), (a, b) => {
      const chunks = new ByteChunks(), other = new ByteChunks();
      const before = chunkBytes();
      for (const bytes of a) chunks.add(bytes);
      for (const bytes of b) other.add(bytes);
      chunks.takeFrom(other);
      assert.deepEqual(bytesOf(chunks), joined([...a, ...b]));
      assert.deepEqual([other.length, other.views()], [0, []]);
      const small = Uint8Array.of(1, 2, 3);
      other.add(small);
      assert.deepEqual(bytesOf(other), small);
      chunks.clear();
      other.clear();
      assert.ok(chunkBytes() <= before + MAX_SPARE_CHUNKS * 4_096, "all is given back");
    }),
    { numRuns: 100 },
  );
});

test("what is taken out is never there twice", () => {
  let mostBytes = 0;
  class Watched extends ByteChunks {
    override add(from: Uint8Array, start?: number, end?: number): void {
      super.add(from, start, end);
      mostBytes = Math.max(mostBytes, chunkBytes());
    }
  }
  const before = chunkBytes();
  const large = new Uint8Array(1e6);
  const most = (copy: (chunks: ByteChunks, other: ByteChunks) => void) => {
    const chunks = new Watched(), other = new ByteChunks();
    for (let i = 0; i < 20; i++) other.add(large);
    mostBytes = 0;
    copy(chunks, other);
    assert.equal(chunks.length, 20e6);
    for (const it of [chunks, other]) it.clear();
    return (mostBytes - before) / 20e6;
  };
  assert.ok(most((chunks, other) => chunks.takeFrom(other)) < 1.05);
  assert.ok(most((chunks, other) => chunks.addFrom(other)) > 1.9);
});

test("what is moved takes no memory, and the other is empty", () => {
  for (const size of [0, 10, 5_000, 200_000]) {
    const bytes = new Uint8Array(size).map((_, at) => at);
    const chunks = new ByteChunks(), other = new ByteChunks();
    other.add(bytes);
    const before = chunkBytes();
    chunks.moveFrom(other);
    assert.equal(chunkBytes(), before);
    assert.deepEqual([other.length, other.views()], [0, []]);
    other.add(Uint8Array.of(1));
    chunks.add(Uint8Array.of(2));
    assert.deepEqual(bytesOf(chunks), joined([bytes, Uint8Array.of(2)]));
    assert.deepEqual([...bytesOf(other)], [1]);
    chunks.clear();
    other.clear();
  }
});

test("what was kept and is not needed is given back, and what is in use stays", () => {
  const inUse = new ByteChunks();
  inUse.addText("in use");
  const all = Array.from({ length: MAX_SPARE_CHUNKS }, () => new ByteChunks());
  for (const chunks of all) chunks.addText("x");
  for (const chunks of all) chunks.clear();
  const before = chunkBytes();
  freeSpareChunks();
  assert.ok(chunkBytes() <= before - MAX_SPARE_CHUNKS * 4_096);
  assert.equal(new TextDecoder().decode(bytesOf(inUse)), "in use");
  inUse.clear();
});
