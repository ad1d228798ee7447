/** Proves that work without end does not keep sockets from their turn, and that a little work does not wait. */
import assert from "assert";
import { MAX_BUSY_MS } from "../../lib/base/limits.ts";
import { Pace } from "../../lib/engine/pace.ts";
import { RawClient } from "../helpers/raw_client.ts";

/** Works for a moment. */
function work(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs;);
}

Deno.test("pace: who works little does not wait", async () => {
  const pace = new Pace();
  assert.equal(pace.rest(), undefined);
  await pace.settled();
});

Deno.test("pace: who works on and on rests now and then, with all others", async () => {
  const pace = new Pace();
  let rests = 0;
  for (let piece = 0; piece < 20; piece++) {
    work(MAX_BUSY_MS / 2);
    const rest = pace.rest();
    assert.equal(pace.rest(), rest);
    if (rest !== undefined) rests++;
    await rest;
  }
  await pace.settled();
  assert.ok(rests >= 5, `${rests} rests`);
});

Deno.test("pace: somebody on a socket is answered while another one keeps the process busy", async () => {
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
  const pace = new Pace();
  const without = await answersDuring(() => undefined);
  const withPace = await answersDuring(() => pace.rest());
  await pace.settled();
  client.conn.close();
  await echoing;
  assert.ok(withPace > 3 * without, `${withPace} answers, ${without} without a pace`);
});
