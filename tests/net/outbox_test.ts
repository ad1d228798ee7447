/**
 * Proves that replies leave whole and in order, however little the connection takes at a time (I1),
 * and that no two outboxes use a buffer at the same time, nor keep one that they do not need (I5).
 */
import assert from "assert";
import fc from "fast-check";
import { type ByteSink, Outbox } from "../../lib/net/outbox.ts";
import { joined } from "../helpers/streams.ts";

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `outbox: ${name}`, permissions: "none", fn });
}

/** Takes so many bytes at a time, each size in turn. */
class Sink implements ByteSink {
  readonly taken: Uint8Array[] = [];
  readonly #sizes: readonly number[];

  constructor(...sizes: number[]) {
    this.#sizes = sizes;
  }

  write(bytes: Uint8Array): Promise<number> {
    assert.ok(bytes.length > 0, "there is something to write");
    const size = this.#sizes[this.taken.length % this.#sizes.length] ?? bytes.length;
    this.taken.push(bytes.slice(0, size));
    return Promise.resolve(Math.min(size, bytes.length));
  }

  get text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined(this.taken));
  }
}

test("all that was put leaves in order, however little is taken at a time", async () => {
  const line = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.nat(30_000).map((size) => "\u4e2d".repeat(size)),
    fc.constantFrom("\u4e2d", "\u{1f600}").map((character) => "x".repeat(65_534) + character),
    fc.constantFrom("x".repeat(65_536), "\u{1f600}".repeat(40_000), "\ud800".repeat(22_000)),
  );
  const rounds = fc.array(fc.array(line, { maxLength: 5 }), { maxLength: 5 });
  const sizes = fc.array(fc.integer({ min: 1, max: 80_000 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(rounds, sizes, async (rounds, sizes) => {
      const sink = new Sink(...sizes, 7_000);
      const outbox = new Outbox(sink, 1_000);
      for (const lines of rounds) {
        lines.forEach((line) => outbox.out.addText(line));
        await outbox.flush();
      }
      assert.equal(sink.text, rounds.flat().join("").toWellFormed());
    }),
    { numRuns: 200 },
  );
});

test("what was put in one round leaves in one write", async () => {
  const sink = new Sink();
  const outbox = new Outbox(sink, 1_000_000);
  for (let i = 0; i < 1_000; i++) outbox.out.addText(`{"reply":${i}}\n`);
  await outbox.flush();
  assert.equal(sink.taken.length, 1);
});

test("nothing is written where nothing waits", async () => {
  const sink = new Sink();
  const outbox = new Outbox(sink, 10);
  await outbox.flush();
  outbox.out.addText("a\n");
  await outbox.flush();
  await outbox.flush();
  assert.equal(sink.taken.length, 1);
});

test("it is full from its limit on, and empty after a flush", async () => {
  const outbox = new Outbox(new Sink(), 10);
  assert.equal(outbox.isFull, false);
  outbox.out.addText("123456789");
  assert.equal(outbox.isFull, false);
  outbox.out.addText("0");
  assert.equal(outbox.isFull, true);
  outbox.out.addText("a large one is not cut");
  await outbox.flush();
  assert.equal(outbox.isFull, false);
});

test("what is put while a flush waits leaves with the next one", async () => {
  const gate = Promise.withResolvers<void>();
  const sink = new Sink();
  const write = sink.write.bind(sink);
  sink.write = async (bytes) => {
    await gate.promise;
    return await write(bytes);
  };
  const outbox = new Outbox(sink, 10);
  outbox.out.addText("first\n");
  const flushing = outbox.flush();
  outbox.out.addText("second\n");
  gate.resolve();
  await flushing;
  assert.equal(sink.text, "first\n");
  await outbox.flush();
  assert.equal(sink.text, "first\nsecond\n");
});

test("outboxes that write at the same time do not mix what they write", async () => {
  const gate = Promise.withResolvers<void>();
  const texts = Array.from({ length: 200 }, (_, at) => `${at},`.repeat(100 + 97 * at));
  const sinks = texts.map(() => {
    const sink = new Sink(1_000, 50_000);
    const write = sink.write.bind(sink);
    sink.write = async (bytes) => {
      await gate.promise; // as a kernel does: the bytes are looked at later
      return await write(bytes);
    };
    return sink;
  });
  const broken = brokenOutbox();
  broken.out.addText("lost\n");
  const flushes = sinks.map((sink, at) => {
    const outbox = new Outbox(sink, 10);
    outbox.out.addText(texts[at] ?? "");
    return outbox.flush();
  });
  await assert.rejects(broken.flush(), /reset/);
  gate.resolve();
  await Promise.all(flushes);
  sinks.forEach((sink, at) => assert.equal(sink.text, texts[at]));
});

/** An outbox whose client is gone. */
function brokenOutbox(): Outbox {
  return new Outbox({ write: () => Promise.reject(new Error("reset")) }, 10);
}

test("the sink's failure is the flush's, and what waited is dropped", async () => {
  const outbox = brokenOutbox();
  outbox.out.addText("a text beyond its limit");
  assert.equal(outbox.isFull, true);
  await assert.rejects(outbox.flush(), /reset/);
  assert.equal(outbox.isFull, false);
  await outbox.flush();
});
