/** Proves that records have the format that is specified, and that no bytes confuse who reads them. */
import assert from "assert";
import fc from "fast-check";
import { parseRecord, RecordBuffer } from "../../lib/storage/txn_record.ts";
import { utf8 } from "../helpers/streams.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `txn_record: ${name}`, permissions: "none", fn });
}

/** Records whose checksums were computed by another program (Python's zlib). */
const EXAMPLES: readonly (readonly [seq: number, lag: number, json: string, crc: string])[] = [
  [1, 1, '{"method":"insert","key":"zebra","value":[1.0]}', "5118082f"],
  [2, 1, '{"method":"remove","key":"zebra"}', "fd9d030e"],
  [31, 16, '{"method":"insert","key":"\u00e4\u20ac","value":"\u{1d11e}"}', "cca7fe59"],
  [0, 0, '{"htserver":"txn","version":1}', "11159150"],
  [0, 0, '{"htserver":"ckpt","version":1,"covers":7}', "ee9bde67"],
];

function bytesOf(seq: number, lag: number, json: string): Uint8Array {
  const buffer = new RecordBuffer();
  buffer.add(seq, lag, json);
  return buffer.bytes().slice();
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Reads a line without its LF. */
function parse(line: Uint8Array) {
  return parseRecord(line, textOf(line));
}

test("literal examples, both ways", () => {
  for (const [seq, lag, json, crc] of EXAMPLES) {
    const line = `${crc} ${seq.toString(16)} ${lag.toString(16)} ${json}`;
    assert.equal(textOf(bytesOf(seq, lag, json)), `${line}\n`);
    assert.deepEqual(parse(utf8(line)), { seq, lag, json });
  }
});

test("whatever is written is read again", () => {
  const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  const json = fc.tuple(fc.string({ unit: "grapheme" }), fc.json()).map(([key, value]) =>
    `{"method":"insert","key":${JSON.stringify(key)},"value":${value}}`
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ seq: number, lag: number, json }, { noNullPrototype: true })),
      (records) => {
        const buffer = new RecordBuffer();
        for (const { seq, lag, json } of records) buffer.add(seq, lag, json);
        assert.equal(buffer.length, buffer.bytes().length);
        const lines = textOf(buffer.bytes()).split("\n");
        assert.equal(lines.pop(), "");
        assert.deepEqual(lines.map((line) => parse(utf8(line))), records);
      },
    ),
  );
});

test("no bytes make it throw, and none that are not whole are taken", () => {
  const bytes = fc.uint8Array({ maxLength: 100 });
  fc.assert(fc.property(bytes, (bytes) => assert.equal(parse(bytes), undefined)));
});

test("bytes with a good checksum that are no record make no record that anybody takes", () => {
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

/** A line with this body and a good checksum (CRC-32 as in RFC 1952). */
function withChecksum(body: string): Uint8Array {
  let crc = 0xffffffff;
  for (const byte of utf8(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return utf8(`${(~crc >>> 0).toString(16).padStart(8, "0")} ${body}`);
}

test("every changed bit of a line is noticed", () => {
  const line = bytesOf(31, 2, '{"method":"insert","key":"\u00e4","value":"Zz09 af"}').slice(0, -1);
  for (let at = 0; at < line.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = line.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      assert.equal(parse(changed), undefined, `byte ${at}, bit ${bit}`);
    }
  }
});

test("a buffer grows with what it takes, and starts anew when cleared", () => {
  const buffer = new RecordBuffer();
  const large = JSON.stringify("\u20ac".repeat(3_000_000));
  buffer.add(1, 1, "1");
  buffer.add(2, 1, large);
  buffer.add(3, 1, "3");
  const lines = textOf(buffer.bytes()).split("\n");
  assert.deepEqual(lines.slice(0, 3).map((line) => parse(utf8(line))?.json), ["1", large, "3"]);
  buffer.clear();
  assert.equal(buffer.length, 0);
  buffer.add(4, 1, "4");
  assert.deepEqual(parse(buffer.bytes().slice(0, -1)), { seq: 4, lag: 1, json: "4" });
});
