/** Proves that the hash is HalfSipHash-1-3, by a reference that passes the authors' test vectors. */
import assert from "assert";
import fc from "fast-check";
import { KeyHash } from "../../lib/table/key_hash.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("key_hash");

/** HalfSipHash-c-d with 32 bits of output, written like its paper. */
function reference(
  seed: Int32Array,
  message: Uint8Array,
  { roundsPerWord, roundsAtEnd }: { roundsPerWord: number; roundsAtEnd: number },
): number {
  const [k0 = 0, k1 = 0] = seed;
  const v = Int32Array.of(k0, k1, k0 ^ 0x6c796765, k1 ^ 0x74656462);
  const rotated = (x: number, bits: number) => x << bits | x >>> 32 - bits;
  const at = (i: number) => v[i] ?? 0;
  const rounds = (count: number) => {
    for (; count > 0; count--) {
      v[0] = at(0) + at(1);
      v[1] = rotated(at(1), 5) ^ at(0);
      v[0] = rotated(at(0), 16);
      v[2] = at(2) + at(3);
      v[3] = rotated(at(3), 8) ^ at(2);
      v[0] = at(0) + at(3);
      v[3] = rotated(at(3), 7) ^ at(0);
      v[2] = at(2) + at(1);
      v[1] = rotated(at(1), 13) ^ at(2);
      v[2] = rotated(at(2), 16);
    }
  };
  const padded = new Uint8Array(Math.floor(message.length / 4) * 4 + 4);
  padded.set(message);
  padded[padded.length - 1] = message.length;
  const view = new DataView(padded.buffer);
  for (let byte = 0; byte < padded.length; byte += 4) {
    const word = view.getInt32(byte, true);
    v[3] = at(3) ^ word;
    rounds(roundsPerWord);
    v[0] = at(0) ^ word;
  }
  v[2] = at(2) ^ 0xff;
  rounds(roundsAtEnd);
  return at(1) ^ at(3);
}

test("the reference passes the authors' vectors for HalfSipHash-2-4", () => {
  const seed = new Int32Array(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer);
  const published: [length: number, hash: number][] = [
    ...[[0, 0x5b9f35a9], [1, 0xb85a4727], [2, 0x03a662fa], [3, 0x04e7fe8a], [4, 0x89466e2a]],
    ...[[5, 0x69b6fac5], [7, 0xc563cf8b], [8, 0x8f84b8d0], [9, 0x79e706f8], [63, 0x744aea59]],
  ] as [number, number][];
  for (const [length, hash] of published) {
    const message = Uint8Array.from({ length }, (_, at) => at);
    const given = reference(seed, message, { roundsPerWord: 2, roundsAtEnd: 4 });
    assert.equal(given >>> 0, hash, `of ${length} bytes`);
  }
});

test("any bytes, at any position in a buffer, have the reference's hash", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const seed = fc.tuple(fc.integer(), fc.integer()).map((words) => Int32Array.from(words));
  fc.assert(
    fc.property(seed, bytes, bytes, bytes, (seed, before, message, behind) => {
      const buffer = Uint8Array.from([...before, ...message, ...behind]);
      assert.equal(
        new KeyHash(seed).of(buffer, before.length, before.length + message.length),
        reference(seed, message, { roundsPerWord: 1, roundsAtEnd: 3 }),
      );
    }),
  );
});

test("each instance has its own secret seed", () => {
  const key = new Uint8Array(10);
  const hashes = new Set(Array.from({ length: 8 }, () => new KeyHash().of(key, 0, 10)));
  assert.ok(hashes.size > 6, "they differ");
});
