/** Proves that lines depend on no chunks and no bad lines, and that memory is bounded (I5, I9). */
import assert from "assert";
import fc from "fast-check";
import { Arena } from "../../lib/bytes/arena.ts";
import { largeArena } from "../../lib/bytes/large_arena.ts";
import { textAt, textOf } from "../../lib/bytes/span.ts";
import { LineFramer } from "../../lib/bytes/line_framer.ts";
import { cut, framed, joined, type Line, linesOf, utf8 } from "../helpers/streams.ts";
import { testsOf } from "../helpers/pure.ts";

const LF = 10, CR = 13;

const test = testsOf("line_framer");

/** The contract's lines of a stream, implemented again: byte by byte, without state. */
function expectedLines(stream: Uint8Array, maxLineBytes: number): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < stream.length;) {
    const lf = stream.indexOf(LF, start);
    const isWhole = lf >= 0;
    const end = isWhole ? lf : stream.length;
    const bytes = stream.subarray(start, stream[end - 1] === CR && end > start ? end - 1 : end);
    start = end + 1;
    if (bytes.length > maxLineBytes) lines.push({ problem: "too long" });
    else if (isWhole && bytes.length > 0) lines.push(decoded(bytes));
  }
  return lines;
}

function decoded(bytes: Uint8Array): Line {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { problem: "not UTF-8" };
  }
}

const LIMIT = 9;

/** Pieces of a stream: line ends, text, characters of 2 to 4 bytes, cut characters, invalid UTF-8. */
const piece = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom([LF], [CR, LF]) },
  fc.constantFrom([CR], [0], [0xef, 0xbb, 0xbf], [0x20], [0x7b, 0x7d]),
  fc.constantFrom([0xc3, 0xa9], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80]),
  fc.constantFrom([0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f], [0x80]),
  fc.constantFrom([0xed, 0xa0, 0x80], [0xc0, 0xaf]),
  fc.constantFrom(
    ...[LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT].map((count) => Array(count).fill(97)),
  ),
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 }),
).map((bytes) => Uint8Array.from(bytes));

const stream = fc.array(piece, { maxLength: 16 }).map(joined);

test("any chunks of any stream give the same lines, and used chunks may be overwritten", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(stream, sizes, (bytes, sizes) => {
      const framer = new LineFramer(LIMIT);
      const actual: Line[] = [];
      for (const chunk of cut(bytes, sizes)) {
        // The chunk is in a larger buffer, with line ends behind it.
        const buffer = joined([chunk, utf8("x\nx\n")]);
        framer.push(buffer, chunk.length);
        actual.push(...linesOf(framer));
        buffer.fill(0x58);
        assert.ok(framer.partialBytes <= LIMIT + 1, "bounded by the limit and a CR");
      }
      assert.deepEqual(actual, expectedLines(bytes, LIMIT));
    }),
    { numRuns: 5_000 },
  );
});

test("any two chunks give the same lines", () => {
  const whole = joined([
    utf8("a\u00e9\u20ac\r\n\u{1f600}\n\r\n\n\ufeffx\r\r\n"),
    Uint8Array.of(0xff, LF),
    utf8(`${"y".repeat(LIMIT)}\r\n${"z".repeat(LIMIT + 1)}\r\n\u0000\n`),
  ]);
  const expected = expectedLines(whole, LIMIT);
  assert.equal(expected.length, 7);
  for (let at = 0; at <= whole.length; at++) {
    const framer = new LineFramer(LIMIT);
    const actual = [whole.slice(0, at), whole.slice(at)].flatMap((chunk) => {
      framer.push(chunk);
      return linesOf(framer);
    });
    assert.deepEqual(actual, expected, `cut at ${at}`);
  }
});

test("only the CR before an LF is dropped, empty lines are skipped, and a BOM and a NUL stay", () => {
  assert.deepEqual(framed("\n\r\n\n"), []);
  assert.deepEqual(framed("a\rb\n\rc\nd\r\r\n"), ["a\rb", "\rc", "d\r"]);
  assert.deepEqual(framed("\ufeffa\n\u0000\n"), ["\ufeffa", "\u0000"]);
});

test("a last line without LF is not a line", () => {
  const framer = new LineFramer(100);
  framer.push(utf8("a\nbcd\r"));
  assert.deepEqual(linesOf(framer), ["a"]);
  assert.equal(framer.partialBytes, 4);
});

test("a line of exactly the limit is accepted and one of a byte more is not, with and without CR", () => {
  for (const end of ["\n", "\r\n"]) {
    assert.deepEqual(framed("x".repeat(5) + end, 5), ["xxxxx"]);
    assert.deepEqual(framed("x".repeat(6) + end, 5), [{ problem: "too long" }]);
    assert.deepEqual(framed("\u00e9".repeat(3) + end, 5), [{ problem: "too long" }]);
    assert.deepEqual(framed("\u00e9".repeat(3) + end, 6), ["\u00e9".repeat(3)]);
  }
});

test("a line over the limit is rejected at once and once, and other lines are not affected", () => {
  const framer = new LineFramer(5);
  framer.push(utf8("ok\nxxxxx"));
  assert.deepEqual(linesOf(framer), ["ok"]);
  framer.push(utf8("x"));
  assert.deepEqual(linesOf(framer), [{ problem: "too long" }]);
  assert.equal(framer.partialBytes, 0);
  for (let i = 0; i < 20; i++) {
    framer.push(utf8("xxxxxxxxxx"));
    assert.deepEqual(linesOf(framer), []);
  }
  framer.push(utf8("still the same line\nfine\n"));
  assert.deepEqual(linesOf(framer), ["fine"]);
});

test("many lines in one chunk are within the limit, though the chunk is not", () => {
  const lines = Array.from({ length: 1_000 }, (_, at) => `line ${at}`);
  assert.deepEqual(framed(lines.join("\n") + "\n", 8), lines);
  const tooLong = { problem: "too long" };
  const some = framed(lines.join("\r\n") + "\r\n", 7).slice(98, 102);
  assert.deepEqual(some, ["line 98", "line 99", tooLong, tooLong]);
});

test("invalid UTF-8 affects only its own line", () => {
  const bad = [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0x80]];
  for (const bytes of [...bad, [0xf5, 0x80, 0x80, 0x80]]) {
    const framer = new LineFramer(100);
    framer.push(joined([utf8("one\n"), Uint8Array.from(bytes), utf8("\ntwo\n")]));
    assert.deepEqual(linesOf(framer), ["one", { problem: "not UTF-8" }, "two"]);
  }
});

test("a line without end takes at most the limit, in chunks of any size", () => {
  const limit = 10_000;
  for (const size of [1, 997, limit, 100 * limit]) {
    const framer = new LineFramer(limit);
    const chunk = new Uint8Array(size).fill(97);
    let lines = 0;
    for (let sent = 0; sent < 100 * limit; sent += size) {
      framer.push(chunk);
      lines += linesOf(framer).length;
      assert.ok(framer.partialBytes <= limit);
    }
    assert.equal(lines, 1);
    framer.push(utf8("\nnext\n"));
    assert.deepEqual(linesOf(framer), ["next"]);
  }
});

test("a line stays valid until the next chunk", () => {
  const chunk = utf8("one\ntwo\nth");
  const framer = new LineFramer(10);
  framer.push(chunk);
  assert.ok(framer.next());
  assert.equal(framer.bytes, chunk, "not copied");
  const { bytes, start, end } = framer;
  linesOf(framer);
  assert.equal(textAt(bytes, start, end), "one");
  framer.push(utf8("ree\nfo"));
  assert.ok(framer.next());
  const joint = { bytes: framer.bytes, start: framer.start, end: framer.end };
  linesOf(framer);
  assert.equal(textOf(joint), "three", "not overwritten by the next partial line");
});

test("long lines are found and checked like short ones", () => {
  for (const length of [250, 255, 256, 257, 258, 1_000, 70_000]) {
    const line = "x".repeat(length);
    assert.deepEqual(framed(`${line}\na\n${line}\u00e9\r\n`), [line, "a", `${line}\u00e9`]);
    const framer = new LineFramer(1e6);
    framer.push(joined([utf8(line), Uint8Array.of(0xff), utf8(`\n${line}\n`)]));
    assert.deepEqual(linesOf(framer), [{ problem: "not UTF-8" }, line]);
  }
});

/** Pushes a line in pieces until the framer has returned it. */
function pushLong(framer: LineFramer, bytes: number, pieceBytes = 50_000): void {
  for (let left = bytes; left > 0; left -= pieceBytes) {
    framer.push(new Uint8Array(Math.min(left, pieceBytes)).fill(97));
    assert.equal(framer.next(), false);
  }
  framer.push(utf8("b\nsecond\nthi"));
  assert.ok(framer.next());
}

test("the memory of a long line is freed by release, push and clear", () => {
  const before = largeArena.usedBytes;
  for (const over of ["release", "push", "clear"] as const) {
    const framer = new LineFramer(1e6);
    pushLong(framer, 700_000);
    assert.equal(largeArena.usedBytes - before >= 700_000, true);
    assert.ok(framer.bufferedBytes >= 700_000);
    const { bytes, start, end } = framer;
    assert.equal(framer.next(), true, "the next line");
    assert.equal(framer.next(), false);
    assert.equal(textAt(bytes, start, end), "a".repeat(700_000) + "b", "it is valid until then");
    if (over === "push") framer.push(utf8("rd\n"));
    else framer[over]();
    assert.equal(largeArena.usedBytes, before);
    assert.deepEqual(linesOf(framer), over === "push" ? ["third"] : []);
    framer.clear();
    framer.clear();
  }
});

test("a long line that is rejected, or never ends, leaves no memory", () => {
  const before = largeArena.usedBytes;
  const framer = new LineFramer(200_000);
  for (let n = 0; n < 5; n++) {
    framer.push(new Uint8Array(100_000).fill(97));
    framer.next();
  }
  assert.equal(largeArena.usedBytes, before);
  framer.push(utf8("\n" + "x".repeat(150_000)));
  assert.equal(framer.next(), false);
  assert.ok(largeArena.usedBytes > before);
  framer.clear();
  assert.equal(largeArena.usedBytes, before);
});

test("a line without memory for it is rejected, and the next ones are accepted", () => {
  const { tryAllocate } = Arena.prototype;
  for (const lastPiece of ["x".repeat(100_000) + "\nnext\n", "x".repeat(100_000)]) {
    const framer = new LineFramer(1e6);
    framer.push(utf8("x".repeat(100_000)));
    assert.equal(framer.next(), false);
    Arena.prototype.tryAllocate = () => 0;
    try {
      framer.push(utf8(lastPiece));
      assert.ok(framer.next());
    } finally {
      Arena.prototype.tryAllocate = tryAllocate;
    }
    assert.equal(framer.problem, "no memory");
    if (!lastPiece.endsWith("\n")) {
      assert.equal(framer.next(), false);
      framer.push(utf8("the rest of it\nnext\n"));
    }
    assert.deepEqual(linesOf(framer), ["next"]);
    framer.clear();
  }
});
