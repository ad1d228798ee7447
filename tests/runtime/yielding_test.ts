/** Proves that work without end does not keep sockets from their turn, and that a little work does not wait. */
import assert from "assert";
import { MAX_BUSY_MS } from "../../lib/base/limits.ts";
import { PollBarrier } from "../../lib/runtime/poll_barrier.ts";
import { EventLoopYielder } from "../../lib/runtime/yielding.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";

/** Works for a moment. */
function work(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs;);
}

Deno.test("pace: who works little does not wait, and who works longer does", async () => {
  using clock = stoppedClock();
  let looks = 0;
  const pace = new EventLoopYielder(() => Promise.resolve(looks++));
  clock.advance(MAX_BUSY_MS - 1);
  assert.equal(pace.yield(), undefined);
  clock.advance(1);
  await pace.yield();
  await pace.settled();
  assert.equal(looks, 1);
  assert.equal(pace.yield(), undefined, "it has just rested");
});

Deno.test("pace: who works on and on rests now and then, with all others", async () => {
  const doorbell = new PollBarrier();
  const pace = new EventLoopYielder(() => doorbell.wait());
  let rests = 0;
  for (let piece = 0; piece < 20; piece++) {
    work(MAX_BUSY_MS / 2);
    const rest = pace.yield();
    if (rest !== undefined) {
      rests++;
      await Promise.all([rest, pace.yield(), pace.yield(true)]); // whoever asks now rests as well
    }
  }
  await pace.settled();
  await doorbell.close();
  assert.ok(rests >= 5, `${rests} rests`);
});

Deno.test("pace: of those who rest together, turns go on first, and all of them do", async () => {
  const look = Promise.withResolvers<void>();
  const pace = new EventLoopYielder(() => look.promise);
  work(MAX_BUSY_MS + 1);
  const order: string[] = [];
  const resting = ["a", "b", "turn"].map((name) =>
    pace.yield(name === "turn")?.then(() => order.push(name))
  );
  assert.ok(resting.every((one) => one !== undefined));
  look.resolve();
  await Promise.all(resting);
  await pace.settled();
  assert.deepEqual(order, ["turn", "a", "b"]);
});

Deno.test("pace: somebody on a socket is answered while another one keeps the process busy", async () => {
  const doorbell = new PollBarrier();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  using client = await RawClient.connect(listener.addr.port);
  using echo = await accepted;
  const echoing = echo.readable.pipeTo(echo.writable).catch(() => {});
  /** Answers that come while there are so many pieces of work. */
  const answersDuring = async (rest: () => Promise<void> | undefined) => {
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
      await (rest() ?? new Promise<void>((resolve) => void setImmediate(resolve)));
    }
    isOver = true;
    await asking;
    return answers;
  };
  const pace = new EventLoopYielder(() => doorbell.wait());
  const without = await answersDuring(() => undefined);
  const withPace = await answersDuring(() => pace.yield());
  await pace.settled();
  await doorbell.close();
  client.conn.close();
  await echoing;
  assert.ok(withPace > 3 * without, `${withPace} answers, ${without} without a pace`);
});
