/** Proves that records are read in whatever pieces the file gives them. */
import assert from "assert";
import fc from "fast-check";
import type { ReadableFile } from "../../lib/storage/files.ts";
import { readRecords } from "../../lib/storage/record_reader.ts";
import { RecordBuffer } from "../../lib/storage/txn_record.ts";
import { joined, utf8 } from "../helpers/streams.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `record_reader: ${name}`, permissions: "none", fn });
}

/** A file that gives its bytes in pieces of these sizes, over and over. */
class Pieces implements ReadableFile {
  closes = 0;
  readonly #bytes: Uint8Array;
  readonly #sizes: readonly number[];
  #at = 0;
  #turn = 0;

  constructor(bytes: Uint8Array, sizes: readonly number[] = [1e9]) {
    this.#bytes = bytes;
    this.#sizes = sizes;
  }

  read(into: Uint8Array): number | null {
    const size = this.#sizes[this.#turn++ % this.#sizes.length] ?? 1;
    const piece = this.#bytes.subarray(this.#at, this.#at + Math.min(size, into.length));
    into.set(piece);
    this.#at += piece.length;
    return piece.length === 0 ? null : piece.length;
  }

  close(): void {
    this.closes++;
  }
}

const RECORDS = [
  '{"htserver":"txn","version":1}',
  '{"method":"insert","key":"a","value":[1.0, 2]}',
  '{"method":"insert","key":"\u00e4\u20ac\u{1d11e}","value":"\ufeff"}',
  '{"method":"remove","key":"a"}',
];

function bytesOf(...records: string[]): Uint8Array {
  const buffer = new RecordBuffer();
  for (const [seq, json] of records.entries()) buffer.add(seq, 1, json);
  return buffer.bytes().slice();
}

const jsonOf = (bytes: Uint8Array, sizes?: readonly number[]) =>
  [...readRecords(new Pieces(bytes, sizes))].map(({ record }) => record?.json);

test("in pieces of any sizes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (sizes) => {
      assert.deepEqual(jsonOf(bytesOf(...RECORDS), sizes), RECORDS);
    }),
  );
});

test("each line says where it begins and ends, damaged ones too", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(500), fc.nat(7), (size, at, bit) => {
      const bytes = bytesOf(...RECORDS, ...RECORDS);
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      let end = 0;
      for (const line of readRecords(new Pieces(bytes, [size]))) {
        assert.equal(line.offset, end);
        end = line.end;
        const isHit = place >= line.offset && place < line.end;
        assert.equal(line.record === undefined, isHit, `byte ${place} of ${line.offset} to ${end}`);
      }
      assert.equal(end, bytes.length);
    }),
    { numRuns: 300 },
  );
});

test("what stands behind the last LF is no record", () => {
  const bytes = bytesOf(...RECORDS);
  for (let cut = 1; cut <= 20; cut++) {
    const lines = [...readRecords(new Pieces(bytes.subarray(0, -cut)))];
    const last = lines.at(-1);
    assert.equal(lines.length, RECORDS.length);
    assert.equal(last?.record, undefined);
    assert.equal(last?.end, bytes.length - cut);
  }
});

test("a record that is not UTF-8 harms no other one", () => {
  const bad = joined([utf8("12345678 1 1 "), Uint8Array.of(0xff, 10)]);
  const bytes = joined([bytesOf(RECORDS[0] ?? ""), bad, bytesOf(RECORDS[2] ?? "")]);
  assert.deepEqual(jsonOf(bytes), [RECORDS[0], undefined, RECORDS[2]]);
});

test("a record larger than what is read at once", () => {
  const large = JSON.stringify("\u20ac".repeat(1_500_000));
  assert.deepEqual(jsonOf(bytesOf("1", large, "3")), ["1", large, "3"]);
});

test("the file is closed at the end, and when nobody reads on", () => {
  for (const count of [1, 2, RECORDS.length, RECORDS.length + 1]) {
    const file = new Pieces(bytesOf(...RECORDS));
    let read = 0;
    for (const _line of readRecords(file)) if (++read === count) break;
    assert.equal(file.closes, 1);
  }
});

test("an empty file has no lines", () => assert.deepEqual(jsonOf(new Uint8Array(0)), []));
