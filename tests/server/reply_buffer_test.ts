/** Proves that replies leave whole and in order, however little the connection takes at a time (I1). */
import assert from "assert";
import fc from "fast-check";
import { ReplyBuffer } from "../../lib/server/reply_buffer.ts";
import { joined } from "../helpers/streams.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `outbox: ${name}`, permissions: "none", fn });
}

/** Writes all that waits, so many bytes at a time, each size in turn; gives what each write took. */
function written(outbox: ReplyBuffer, ...sizes: number[]): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let bytes = outbox.next(); bytes !== undefined; bytes = outbox.next()) {
    assert.ok(bytes.length > 0, "there is something to write");
    const count = Math.min(bytes.length, sizes[taken.length % sizes.length] ?? bytes.length);
    taken.push(bytes.slice(0, count));
    outbox.wrote(count);
  }
  assert.equal(outbox.out.length, 0, "nothing is left");
  return taken;
}

function textOf(taken: readonly Uint8Array[]): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined(taken));
}

test("all that was put leaves in order, however little is taken at a time", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.nat(30_000).map((size) => "\u4e2d".repeat(size)),
    fc.constantFrom(4_091, 4_092, 4_093, 65_531, 65_532, 65_533).map((size) => "x".repeat(size)),
  );
  const rounds = fc.array(fc.array(line, { maxLength: 5 }), { maxLength: 5 });
  const sizes = fc.array(fc.integer({ min: 1, max: 80_000 }), { maxLength: 5 });
  fc.assert(
    fc.property(rounds, sizes, (rounds, sizes) => {
      const outbox = new ReplyBuffer(1_000);
      const taken = rounds.flatMap((lines) => {
        lines.forEach((line) => outbox.out.addText(line));
        return written(outbox, ...sizes, 7_000);
      });
      assert.equal(textOf(taken), rounds.flat().join("").toWellFormed());
    }),
    { numRuns: 200 },
  );
});

test("what was put in one round leaves in one write", () => {
  const outbox = new ReplyBuffer(1_000_000);
  for (let i = 0; i < 1_000; i++) outbox.out.addText(`{"reply":${i}}\n`);
  assert.equal(written(outbox).length, 1);
});

test("nothing is written where nothing waits", () => {
  const outbox = new ReplyBuffer(10);
  assert.equal(outbox.next(), undefined);
  outbox.out.addText("a\n");
  assert.equal(textOf(written(outbox)), "a\n");
  assert.equal(outbox.next(), undefined);
});

test("it is full from its limit on, and empty when all is written or dropped", () => {
  const outbox = new ReplyBuffer(10);
  assert.equal(outbox.isFull, false);
  outbox.out.addText("123456789");
  assert.equal(outbox.isFull, false);
  outbox.out.addText("0");
  assert.equal(outbox.isFull, true);
  outbox.out.addText("a large one is not cut");
  assert.equal(textOf(written(outbox)), "1234567890a large one is not cut");
  assert.equal(outbox.isFull, false);
  outbox.out.addText("x".repeat(200_000));
  outbox.wrote(70_000);
  outbox.drop();
  assert.deepEqual([outbox.isFull, outbox.next()], [false, undefined]);
  outbox.out.addText("next");
  assert.equal(textOf(written(outbox)), "next", "from its beginning");
});

test("outboxes that are written at the same time do not mix what they write", () => {
  const texts = Array.from({ length: 200 }, (_, at) => `${at},`.repeat(100 + 97 * at));
  const outboxes = texts.map((text) => {
    const outbox = new ReplyBuffer(10);
    outbox.out.addText(text);
    return outbox;
  });
  const taken: Uint8Array[][] = texts.map(() => []);
  for (let isOver = false; !isOver;) {
    isOver = true;
    outboxes.forEach((outbox, at) => {
      const bytes = outbox.next()?.slice(0, 10_000);
      if (bytes === undefined) return;
      isOver = false;
      taken[at]?.push(bytes);
      outbox.wrote(bytes.length);
    });
  }
  texts.forEach((text, at) => assert.equal(textOf(taken[at] ?? []), text));
});
