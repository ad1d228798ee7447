/** Proves that lines arrive in order, that a slow reader delays no other work, and that the queue is bounded. */
import assert from "assert";
import { LineQueue } from "../../lib/base/line_queue.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("line_queue");

/** A reader that reads when the test allows it. */
class Reader {
  text = "";
  #held: PromiseWithResolvers<void> | undefined;

  hold(): void {
    this.#held = Promise.withResolvers();
  }

  resume(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#held?.promise;
    const some = bytes.subarray(0, 5);
    this.text += new TextDecoder().decode(some);
    return some.length;
  }
}

test("lines arrive whole and in order, also if a write takes few bytes", async () => {
  const reader = new Reader();
  const queue = new LineQueue(reader, 1_000);
  const lines = Array.from({ length: 20 }, (_, at) => `line ${at}\n`);
  for (const line of lines) queue.put(line);
  await queue.flush(60_000);
  assert.equal(reader.text, lines.join(""));
});

test("lines beyond the bound are dropped and counted", async () => {
  const reader = new Reader();
  reader.hold();
  const queue = new LineQueue(reader, 100);
  for (let at = 0; at < 1_000; at++) queue.put("0123456\n");
  await queue.flush(1);
  assert.equal(reader.text, "");
  reader.resume();
  await queue.flush(60_000);
  const lines = reader.text.trimEnd().split("\n");
  assert.ok(lines.length < 30, `${lines.length} lines`);
  const [, dropped] = /^\.\.\. (\d+) lines were dropped/m.exec(reader.text) ?? [];
  assert.equal(lines.length - 1 + Number(dropped), 1_000);
});

test("a reader that has ended does not end the program", async () => {
  const queue = new LineQueue({ write: () => Promise.reject(new Error("ended")) }, 100);
  queue.put("a\n");
  await queue.flush(60_000);
  queue.put("b\n");
  await queue.flush(60_000);
});
