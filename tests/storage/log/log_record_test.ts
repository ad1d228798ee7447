/** Proves that records have the specified format, and that no other bytes are read as a record. */
import assert from "assert";
import fc from "fast-check";
import { textAt } from "../../../lib/bytes/span.ts";
import { LogRecord, readRecord, RecordBuffer } from "../../../lib/storage/log/log_record.ts";
import { Entry } from "../../../lib/table/hash_table.ts";
import { insertOf, removeOf } from "../changes.ts";
import { joined, utf8 } from "../../helpers/streams.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `log_record: ${name}`, permissions: "none", fn });
}

/** Records whose checksums were computed by another program (Python's zlib). */
const EXAMPLES: readonly (readonly [seq: number, lag: number, json: string, crc: string])[] = [
  [1, 1, '{"method":"insert","key":"zebra","value":[1.0]}', "5118082f"],
  [2, 1, '{"method":"remove","key":"zebra"}', "fd9d030e"],
  [31, 16, '{"method":"insert","key":"\u00e4\u20ac","value":"\u{1d11e}"}', "cca7fe59"],
  [0, 0, '{"htserver":"txn","version":1}', "11159150"],
  [0, 0, '{"htserver":"ckpt","version":1,"covers":7}', "ee9bde67"],
];

/** Numbers around each change of the number of digits. */
const NUMBERS = [0, 1, 4, 8, 16, 28, 32, 33, 36, 40, 52, 53].flatMap((bits) =>
  [2 ** bits - 1, 2 ** bits, 2 ** bits + 1].filter(Number.isSafeInteger)
);

const anyNumber = fc.oneof(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.constantFrom(...NUMBERS));

/** Fills a buffer, and returns its text. */
function collect(fill: (buffer: RecordBuffer) => void): string {
  const buffer = new RecordBuffer();
  fill(buffer);
  assert.equal(buffer.length, buffer.bytes().length);
  return textOf(buffer.bytes());
}

function bytesOf(seq: number, lag: number, json: string): Uint8Array {
  return utf8(collect((buffer) => buffer.add(seq, lag, json)));
}

function textOf(bytes: Uint8Array): string {
  return textAt(bytes, 0, bytes.length);
}

/** Reads a line without its LF in the middle of a larger buffer. */
function parse(line: Uint8Array): { seq: number; lag: number; json: string } | undefined {
  const before = utf8("5118082f 1 "), behind = utf8(" 1 {}\n");
  const bytes = joined([before, line, behind]);
  const record = new LogRecord();
  if (!readRecord(bytes, before.length, before.length + line.length, record)) return undefined;
  assert.equal(record.bytes, bytes);
  assert.equal(record.jsonEnd, before.length + line.length);
  const { seq, lag, jsonStart, jsonEnd } = record;
  return { seq, lag, json: textAt(bytes, jsonStart, jsonEnd) };
}

test("literal examples are written and read", () => {
  for (const [seq, lag, json, crc] of EXAMPLES) {
    const line = `${crc} ${seq.toString(16)} ${lag.toString(16)} ${json}`;
    assert.equal(collect((buffer) => buffer.add(seq, lag, json)), `${line}\n`);
    assert.deepEqual(parse(utf8(line)), { seq, lag, json });
  }
});

test("written records are read again", () => {
  const json = fc.tuple(fc.string({ unit: "grapheme" }), fc.json()).map(([key, value]) =>
    `{"method":"insert","key":${JSON.stringify(key)},"value":${value}}`
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ seq: anyNumber, lag: anyNumber, json }, { noNullPrototype: true })),
      (records) => {
        const lines = collect((buffer) => {
          for (const { seq, lag, json } of records) buffer.add(seq, lag, json);
        }).split("\n");
        assert.equal(lines.pop(), "");
        assert.deepEqual(lines.map((line) => parse(utf8(line))), records);
      },
    ),
  );
});

test("changes and entries are written as their JSON, from any offset of a buffer", () => {
  const unit = fc.constantFrom(...'ab"\\\n\u00e4\u{1d11e}', "\ud800");
  const key = fc.oneof(fc.string({ unit }), fc.string({ minLength: 90, maxLength: 200 }));
  const value = fc.oneof(fc.json(), fc.string({ minLength: 90, maxLength: 200 }).map(jsonOf));
  fc.assert(
    fc.property(anyNumber, anyNumber, key, value, fc.nat(9), (seq, lag, key, value, at) => {
      const keyBytes = utf8(jsonOf(key).slice(1, -1)), valueBytes = utf8(value);
      const bytes = joined([utf8("x".repeat(at)), keyBytes, valueBytes, utf8("yz")]);
      const keySpan = { bytes, start: at, end: at + keyBytes.length };
      const valueEnd = keySpan.end + valueBytes.length;
      const valueSpan = { bytes, start: keySpan.end, end: valueEnd };
      const entry = Object.assign(new Entry(), {
        bytes,
        keyStart: at,
        keyEnd: keySpan.end,
        valueEnd,
      });
      const insert = `{"method":"insert","key":${jsonOf(key)},"value":${value}}`;
      const remove = `{"method":"remove","key":${jsonOf(key)}}`;
      const expected = collect((buffer) => {
        for (const json of [insert, remove, insert]) buffer.add(seq, lag, json);
      });
      const actual = collect((buffer) => {
        buffer.addChange(seq, lag, { method: "insert", key: keySpan, value: valueSpan });
        buffer.addChange(seq, lag, { method: "remove", key: keySpan });
        buffer.addEntry(seq, lag, entry);
      });
      assert.equal(actual, expected);
    }),
    { numRuns: 100 },
  );
});

function jsonOf(text: string): string {
  return JSON.stringify(text);
}

test("random bytes are refused without an exception", () => {
  const bytes = fc.uint8Array({ maxLength: 100 });
  fc.assert(fc.property(bytes, (bytes) => assert.equal(parse(bytes), undefined)));
});

test("a part of a record is refused", () => {
  for (const [seq, lag, json] of EXAMPLES) {
    const line = bytesOf(seq, lag, json).slice(0, -1);
    for (let length = 0; length < line.length; length++) {
      assert.equal(parse(line.subarray(0, length)), undefined, `${length} bytes`);
    }
  }
});

test("invalid fields with a valid checksum give invalid numbers", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii", maxLength: 30 }), (text) => {
      const good = bytesOf(1, 1, text);
      const record = parse(good.subarray(0, -1));
      assert.deepEqual(record, { seq: 1, lag: 1, json: text });
    }),
  );
  for (
    const body of ["", " ", "1", "1 1", "x 1 {}", "1 x {}", " 1 {}", "1  {}", "-1 1 {}", "A 1 {}"]
  ) {
    const record = parse(withChecksum(body));
    const isUsable = record && Number.isInteger(record.seq) && Number.isInteger(record.lag);
    assert.ok(!isUsable, `${body}: ${JSON.stringify(record)}`);
  }
});

test("a checksum has eight digits in lower case", () => {
  const line = textOf(withChecksum("1 1 {}"));
  assert.deepEqual(parse(utf8(line)), { seq: 1, lag: 1, json: "{}" });
  assert.match(line, /^.*[a-f].* 1 1 /);
  assert.equal(parse(utf8(line.toUpperCase())), undefined);
  assert.equal(parse(utf8(`0${line}`)), undefined);
});

/** Makes a line with this body and a valid checksum (CRC-32 as in RFC 1952). */
function withChecksum(body: string): Uint8Array {
  let crc = 0xffffffff;
  for (const byte of utf8(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return utf8(`${(~crc >>> 0).toString(16).padStart(8, "0")} ${body}`);
}

test("a change of any bit of a line is noticed", () => {
  const line = bytesOf(31, 2, '{"method":"insert","key":"\u00e4","value":"Zz09 af"}').slice(0, -1);
  for (let at = 0; at < line.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = line.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      assert.equal(parse(changed), undefined, `byte ${at}, bit ${bit}`);
    }
  }
});

test("a buffer grows with its records, and shrinks when it is cleared", () => {
  const buffer = new RecordBuffer();
  const large = JSON.stringify("\u20ac".repeat(3_000_000));
  buffer.addChange(1, 1, insertOf("a", "1"));
  buffer.addChange(2, 1, insertOf("b", large));
  buffer.addChange(3, 1, removeOf("c"));
  const lines = textOf(buffer.bytes()).split("\n");
  assert.deepEqual(lines.slice(0, 3).map((line) => parse(utf8(line))?.json), [
    '{"method":"insert","key":"a","value":1}',
    `{"method":"insert","key":"b","value":${large}}`,
    '{"method":"remove","key":"c"}',
  ]);
  buffer.clear();
  assert.equal(buffer.length, 0);
  assert.ok(buffer.bytes().buffer.byteLength <= 100_000, "the memory is not released");
  buffer.add(4, 1, "4");
  assert.deepEqual(parse(buffer.bytes().slice(0, -1)), { seq: 4, lag: 1, json: "4" });
});
