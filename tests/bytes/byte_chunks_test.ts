/** Proves that bytes are consumed as they were added (I1), and that no two sequences share memory. */
import assert from "assert";
import fc from "fast-check";
import { ByteChunks, chunkBytes, freeSpareChunks } from "../../lib/bytes/byte_chunks.ts";
import { largeArena } from "../../lib/bytes/large_arena.ts";
import { MAX_SPARE_CHUNKS } from "../../lib/base/limits.ts";
import { joined } from "../helpers/streams.ts";
import { anyCharacter } from "../helpers/json_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("byte_chunks");

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

test("bytes are those that were added, with truncations and copies in between", () => {
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

test("a text is UTF-8, also across chunks", () => {
  for (const count of [4_094, 4_095, 4_096]) {
    const chunks = new ByteChunks();
    const text = "x".repeat(count) + "\u{1f600}\u4e2d\ud800";
    chunks.addText(text);
    assert.equal(new TextDecoder().decode(bytesOf(chunks)), text.toWellFormed());
    chunks.clear();
  }
});

test("no two sequences share bytes, and freed chunks are used again", () => {
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

test("the memory of long sequences returns to the system", () => {
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

test("clearing twice frees the chunks once", () => {
  const chunks = new ByteChunks();
  chunks.add(new Uint8Array(10));
  chunks.clear();
  chunks.clear();
  const [first, second] = [new ByteChunks(), new ByteChunks()];
  first.add(Uint8Array.of(1));
  second.add(Uint8Array.of(2));
  assert.deepEqual([[...bytesOf(first)], [...bytesOf(second)]], [[1], [2]]);
});

test("takeFrom adds all bytes of the other sequence, which is empty afterwards", () => {
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
      assert.ok(chunkBytes() <= before + MAX_SPARE_CHUNKS * 4_096, "all chunks are free");
    }),
    { numRuns: 100 },
  );
});

test("takeFrom never has all bytes in memory twice", () => {
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

test("moveFrom allocates no memory, and the other sequence is empty afterwards", () => {
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

test("freeSpareChunks frees spare chunks, and no chunk that is in use", () => {
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

/** Consumes all bytes, at most some at a time, with each size in turn; returns the pieces. */
function consumeAll(chunks: ByteChunks, ...sizes: number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let bytes = chunks.next(); bytes !== undefined; bytes = chunks.next()) {
    assert.ok(bytes.length > 0, "the next bytes are at least one");
    const count = Math.min(bytes.length, sizes[pieces.length % sizes.length] ?? bytes.length);
    pieces.push(bytes.slice(0, count));
    chunks.consume(count);
  }
  assert.equal(chunks.length, 0);
  return pieces;
}

function textOf(pieces: readonly Uint8Array[]): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined(pieces));
}

test("all bytes are consumed in order, with few or many at a time", () => {
  const line = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 40 }),
    fc.nat(30_000).map((size) => "\u4e2d".repeat(size)),
    fc.constantFrom(4_091, 4_092, 4_093, 65_531, 65_532, 65_533).map((size) => "x".repeat(size)),
  );
  const rounds = fc.array(fc.array(line, { maxLength: 5 }), { maxLength: 5 });
  const sizes = fc.array(fc.integer({ min: 1, max: 80_000 }), { maxLength: 5 });
  fc.assert(
    fc.property(rounds, sizes, (rounds, sizes) => {
      const chunks = new ByteChunks();
      const pieces = rounds.flatMap((lines) => {
        lines.forEach((line) => chunks.addText(line));
        return consumeAll(chunks, ...sizes, 7_000);
      });
      assert.equal(textOf(pieces), rounds.flat().join("").toWellFormed());
    }),
    { numRuns: 200 },
  );
});

test("short texts that fit in a large chunk are consumed as one piece", () => {
  const chunks = new ByteChunks();
  for (let i = 0; i < 1_000; i++) chunks.addText(`{"reply":${i}}\n`);
  assert.equal(consumeAll(chunks).length, 1);
});

test("an empty sequence has no next bytes", () => {
  const chunks = new ByteChunks();
  assert.equal(chunks.next(), undefined);
  chunks.addText("a\n");
  chunks.truncate(0);
  assert.equal(chunks.next(), undefined);
  chunks.addText("b\n");
  assert.equal(textOf(consumeAll(chunks)), "b\n");
});

test("a sequence that was cleared while it was consumed begins again", () => {
  const chunks = new ByteChunks();
  chunks.addText("x".repeat(200_000));
  chunks.consume(chunks.next()?.length ?? 0);
  assert.equal(chunks.length, 200_000, "the length counts the consumed bytes");
  chunks.clear();
  assert.deepEqual([chunks.length, chunks.next()], [0, undefined]);
  chunks.addText("next");
  assert.equal(textOf(consumeAll(chunks)), "next");
});

test("sequences that are consumed at the same time do not mix their bytes", () => {
  const texts = Array.from({ length: 200 }, (_, at) => `${at},`.repeat(100 + 97 * at));
  const sequences = texts.map((text) => {
    const chunks = new ByteChunks();
    chunks.addText(text);
    return chunks;
  });
  const pieces: Uint8Array[][] = texts.map(() => []);
  for (let isOver = false; !isOver;) {
    isOver = true;
    sequences.forEach((chunks, at) => {
      const bytes = chunks.next()?.slice(0, 10_000);
      if (bytes === undefined) return;
      isOver = false;
      pieces[at]?.push(bytes);
      chunks.consume(bytes.length);
    });
  }
  texts.forEach((text, at) => assert.equal(textOf(pieces[at] ?? []), text));
});
