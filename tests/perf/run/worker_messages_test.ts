/** Proves that messages between processes arrive unchanged, in pieces of any size. */
import assert from "assert";
import fc from "fast-check";
import {
  linesOf,
  messageLine,
  readAnswer,
  readOrder,
  type WorkerOrder,
} from "../../../lib/perf/run/worker_messages.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("worker messages");

test("a message arrives unchanged, on one line", () => {
  const orders: WorkerOrder[] = [
    { type: "prepare", stage: 0 },
    { type: "refill", stage: 3, keys: 9_000, untilUnixMs: 1_800_000_000_000.5 },
    { type: "warm", stage: 3, keyEnds: [1, 2] },
    { type: "start", unixMs: 1_800_000_000_000.25 },
    { type: "cleanUp" },
    { type: "end" },
  ];
  for (const order of orders) {
    const line = messageLine(order);
    assert.doesNotMatch(line, /[\r\n]/);
    assert.deepEqual(readOrder(line), order);
  }
  const note = { type: "note", text: "two\nlines" } as const;
  assert.deepEqual(readAnswer(messageLine(note)), note);
});

test("a line that is not a message is rejected, and the error quotes its beginning", () => {
  for (const line of ["", "hello", "{}", "null", "[]", '{"type":1}', '{"type":"connected"}', "7"]) {
    assert.throws(() => readOrder(line), (error) => {
      assert.ok(error instanceof SyntaxError);
      return error.message.includes(JSON.stringify(line));
    });
  }
  assert.throws(() => readAnswer('{"type":"connect"}'), SyntaxError);
});

test("lines are joined from pieces of any size; an unfinished line is dropped", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", ""))),
    fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
    async (lines, sizes) => {
      const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join("") + "rest");
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) {
        const size = sizes.next().value ?? 1;
        pieces.push(bytes.subarray(at, at += size));
      }
      const received = await Array.fromAsync(linesOf(ReadableStream.from(pieces)));
      assert.deepEqual(received, lines.map((line) => line.toWellFormed()));
    },
  );
  await fc.assert(property, { seed: 5, numRuns: 100 });
});
