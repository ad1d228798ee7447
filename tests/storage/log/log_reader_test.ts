/** Proves that records are read from pieces of any size, also behind damage. */
import assert from "assert";
import fc from "fast-check";
import { textAt } from "../../../lib/bytes/span.ts";
import type { ReadableFile } from "../../../lib/storage/folder/folder_files.ts";
import { LogReader } from "../../../lib/storage/log/log_reader.ts";
import { type LogRecord, RecordBuffer } from "../../../lib/storage/log/log_record.ts";
import { joined, utf8 } from "../../helpers/streams.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `log_reader: ${name}`, permissions: "none", fn });
}

/** A file whose reads return pieces of these sizes, again and again. */
function piecesOf(
  bytes: Uint8Array,
  sizes: readonly number[] = [1e9],
  onClose: () => void = () => {},
): ReadableFile {
  let at = 0, reads = 0;
  return {
    readSync(into) {
      const size = sizes[reads++ % sizes.length] ?? 1;
      const piece = bytes.subarray(at, at + Math.min(size, into.length));
      into.set(piece);
      at += piece.length;
      return piece.length === 0 ? null : piece.length;
    },
    close: onClose,
  };
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

/** A line of a file: its offsets, and the JSON of its record or of a hidden one. */
interface Line {
  readonly offset: number;
  readonly end: number;
  readonly json: string | undefined;
  readonly hidden: string | undefined;
}

function linesOf(bytes: Uint8Array, sizes?: readonly number[]): Line[] {
  const lines: Line[] = [];
  using reader = new LogReader(piecesOf(bytes, sizes));
  while (reader.next()) {
    const { offset, end, record } = reader;
    const hidden = record === undefined ? reader.findHiddenRecord() : undefined;
    lines.push({ offset, end, json: record && json(record), hidden: hidden && json(hidden) });
  }
  assert.equal(reader.next(), false, "a second read at the end");
  return lines;
}

function json({ bytes, jsonStart, jsonEnd }: LogRecord): string {
  return textAt(bytes, jsonStart, jsonEnd);
}

const jsonOf = (bytes: Uint8Array, sizes?: readonly number[]) =>
  linesOf(bytes, sizes).map(({ json }) => json);

test("records are read from pieces of any size", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (sizes) => {
      assert.deepEqual(jsonOf(bytesOf(...RECORDS), sizes), RECORDS);
    }),
  );
});

test("each line has its offsets, also a damaged one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(500), fc.nat(7), (size, at, bit) => {
      const bytes = bytesOf(...RECORDS, ...RECORDS);
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      let end = 0;
      for (const line of linesOf(bytes, [size])) {
        assert.equal(line.offset, end);
        end = line.end;
        const isHit = place >= line.offset && place < line.end;
        assert.equal(line.json === undefined, isHit, `byte ${place} of ${line.offset} to ${end}`);
      }
      assert.equal(end, bytes.length);
    }),
    { numRuns: 300 },
  );
});

test("bytes behind the last LF are no record", () => {
  const bytes = bytesOf(...RECORDS);
  for (let cut = 1; cut <= 20; cut++) {
    const lines = linesOf(bytes.subarray(0, -cut));
    const last = lines.at(-1);
    assert.equal(lines.length, RECORDS.length);
    assert.equal(last?.json, undefined);
    assert.equal(last?.end, bytes.length - cut);
  }
});

test("a record that is not UTF-8 does not affect others", () => {
  const bad = joined([utf8("12345678 1 1 "), Uint8Array.of(0xff, 10)]);
  const bytes = joined([bytesOf(RECORDS[0] ?? ""), bad, bytesOf(RECORDS[2] ?? "")]);
  assert.deepEqual(jsonOf(bytes), [RECORDS[0], undefined, RECORDS[2]]);
});

test("a record behind a damaged LF is found in the line before", () => {
  const bytes = bytesOf(...RECORDS, ...RECORDS);
  const lines = linesOf(bytes);
  for (const [number, { end }] of lines.entries()) {
    const damaged = bytes.slice();
    damaged[end - 1] = 0;
    const found = linesOf(damaged, [100]);
    const last = lines.length - 1;
    const expected = lines.toSpliced(number, 2, {
      offset: lines[number]?.offset ?? 0,
      end: lines[Math.min(number + 1, last)]?.end ?? 0,
      json: undefined,
      hidden: lines[number + 1]?.json,
    });
    assert.deepEqual(found, expected);
  }
});

test("bytes behind the last LF may contain a hidden record", () => {
  const whole = bytesOf(RECORDS[0] ?? "").slice(0, -1);
  const noLine = { offset: 0, json: undefined };
  assert.deepEqual(linesOf(whole), [{ ...noLine, end: whole.length, hidden: undefined }]);
  const behind = joined([utf8("xyz"), whole]);
  assert.deepEqual(linesOf(behind), [{ ...noLine, end: behind.length, hidden: RECORDS[0] }]);
});

test("the search for hidden records in a damaged line is bounded", () => {
  const beginnings = (count: number) => utf8("12345678 1 1 {".repeat(count));
  const hiddenBehind = (count: number) =>
    linesOf(joined([beginnings(count), bytesOf(RECORDS[0] ?? "")]))[0]?.hidden;
  assert.equal(hiddenBehind(900), RECORDS[0]);
  assert.equal(hiddenBehind(1_100), undefined);
});

test("records larger than one read", () => {
  const large = JSON.stringify("\u20ac".repeat(1_500_000));
  const records = ["1", large, "3", large, large, "6"];
  assert.deepEqual(jsonOf(bytesOf(...records)), records);
  assert.deepEqual(jsonOf(bytesOf(...records), [70_001]), records);
});

test("old bytes in the buffer are no line", () => {
  const record = JSON.stringify("x".repeat(300));
  const records = Array.from({ length: 3_000 }, () => record);
  const bytes = bytesOf(...records).subarray(0, -400);
  assert.deepEqual(linesOf(bytes).slice(-2).map(({ json }) => json), [record, undefined]);
  assert.equal(linesOf(bytes).at(-1)?.end, bytes.length);
});

test("the file is closed with the reader, at its end or earlier", () => {
  for (const count of [0, 1, 2, RECORDS.length, RECORDS.length + 1]) {
    let closes = 0;
    {
      using reader = new LogReader(piecesOf(bytesOf(...RECORDS), [1e9], () => closes++));
      for (let read = 0; read < count; read++) reader.next();
      assert.equal(closes, 0);
    }
    assert.equal(closes, 1);
  }
});

test("an empty file has no lines", () => assert.deepEqual(jsonOf(new Uint8Array(0)), []));

Deno.test("fault: 3 GB of zeros behind a log: a run of fill bytes of any length is one line", () => {
  const [, first = "", second = ""] = RECORDS;
  for (const byte of [0, 255]) {
    const fill = new Uint8Array(5_000_001).fill(byte);
    const torn = utf8("12345678 1 1 {torn");
    for (const between of [fill, joined([torn, fill]), joined([fill, torn, fill])]) {
      const file = joined([bytesOf(first), between, bytesOf(second)]);
      using reader = new LogReader(piecesOf(file));
      const jsons: string[] = [];
      let mostBytes = 0, contentEnd = 0;
      while (reader.next()) {
        if (reader.record === undefined) contentEnd = reader.contentEnd;
        else {
          jsons.push(json(reader.record));
          mostBytes = Math.max(mostBytes, reader.record.bytes.length);
        }
      }
      assert.deepEqual(jsons, [first, second]);
      assert.equal(contentEnd, bytesOf(first).length + between.lastIndexOf("n".charCodeAt(0)) + 1);
      assert.ok(mostBytes < 3_000_000, `a buffer of ${mostBytes} bytes`);
    }
  }
});

test("a long line of garbage is read in parts, and records in it are found", () => {
  const [, first = "", second = "", third = ""] = RECORDS;
  const garbage = utf8("x".repeat(3_333_333));
  for (const sizes of [[1e9], [99_999], [1_000_000, 39, 1]]) {
    const behind = [bytesOf(second), garbage.subarray(0, 1_200_000), bytesOf(third), garbage];
    const file = joined([bytesOf(first), garbage, ...behind]);
    const lines = linesOf(file, sizes);
    assert.deepEqual(
      lines.flatMap(({ json, hidden }) => json ?? hidden ?? []),
      [first, second, third],
    );
    assert.equal(lines.at(-1)?.end, file.length);
    for (const { offset, end } of lines) assert.ok(end - offset < 2_500_000);
  }
});
