/** Proves that endless work does not keep the sockets from being polled, and that little work does not wait. */
import assert from "assert";
import { MAX_BUSY_MS } from "../../lib/base/limits.ts";
import { PollBarrier } from "../../lib/runtime/poll_barrier.ts";
import { EventLoopYielder } from "../../lib/runtime/yielding.ts";
import { eventLoop } from "../engine/command_context.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";

/** Works for a moment. */
function work(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs;);
}

Deno.test("yielding: little work does not wait, and longer work does", async () => {
  using clock = stoppedClock();
  let polls = 0;
  const yielder = new EventLoopYielder(() => Promise.resolve(polls++));
  clock.advance(MAX_BUSY_MS - 1);
  assert.equal(yielder.yield(), undefined);
  clock.advance(1);
  await yielder.yield();
  await yielder.settled();
  assert.equal(polls, 1);
  assert.equal(yielder.yield(), undefined, "it has just paused");
});

Deno.test("yielding: endless work pauses periodically, with all other work", async () => {
  const barrier = new PollBarrier();
  const yielder = new EventLoopYielder(() => barrier.wait());
  let pauses = 0;
  for (let piece = 0; piece < 20; piece++) {
    work(MAX_BUSY_MS / 2);
    const pause = yielder.yield();
    if (pause !== undefined) {
      pauses++;
      await Promise.all([pause, yielder.yield(), yielder.yield(true)]); // further work pauses as well
    }
  }
  await yielder.settled();
  await barrier.close();
  assert.ok(pauses >= 5, `${pauses} pauses`);
});

Deno.test("yielding: of the work that pauses together, batches resume first, and all resumes", async () => {
  const poll = Promise.withResolvers<void>();
  const yielder = new EventLoopYielder(() => poll.promise);
  work(MAX_BUSY_MS + 1);
  const order: string[] = [];
  const pausing = ["a", "b", "batch"].map((name) =>
    yielder.yield(name === "batch")?.then(() => order.push(name))
  );
  assert.ok(pausing.every((one) => one !== undefined));
  poll.resolve();
  await Promise.all(pausing);
  await yielder.settled();
  assert.deepEqual(order, ["batch", "a", "b"]);
});

Deno.test("yielding: a client is answered while another one keeps the process busy", async () => {
  const barrier = new PollBarrier();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  using client = await RawClient.connect(listener.addr.port);
  using echo = await accepted;
  const echoing = echo.readable.pipeTo(echo.writable).catch(() => {});
  /** Number of answers during this many pieces of work. */
  const answersDuring = async (pause: () => Promise<void> | undefined) => {
    let isOver = false, answers = 0;
    const asking = (async () => {
      while (!isOver) {
        await client.send("ping\n");
        await client.line();
        answers++;
      }
    })();
    for (let piece = 0; piece < 150; piece++) {
      work(2);
      await (pause() ?? eventLoop());
    }
    isOver = true;
    await asking;
    return answers;
  };
  const yielder = new EventLoopYielder(() => barrier.wait());
  const without = await answersDuring(() => undefined);
  const withYielder = await answersDuring(() => yielder.yield());
  await yielder.settled();
  await barrier.close();
  client.conn.close();
  await echoing;
  assert.ok(withYielder > 3 * without, `${withYielder} answers, ${without} without a yielder`);
});
